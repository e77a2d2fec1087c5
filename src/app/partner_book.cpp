#include "app/partner_book.h"

#include <stdexcept>

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace batal::app {

namespace {

void report(const partners::Directory& directory, const std::filesystem::path& folder) {
  spdlog::info("{} partners in {}", directory.size(), folder.string());
  if (directory.size() != 0) return;
  spdlog::warn("nobody can call: there are no partners in {}", folder.string());
}

}  // namespace

void prepare_partners_folder(const Config& config) {
  const std::filesystem::path& folder = config.partners_folder;
  if (folder == config.data / "partners") {
    std::filesystem::create_directories(folder);
  } else if (!std::filesystem::is_directory(folder)) {
    throw std::runtime_error("partners.folder: there is no folder " + folder.string());
  }
}

PartnerBook::PartnerBook(std::filesystem::path folder) : folder_(std::move(folder)) {
  auto loaded = partners::Directory::load(folder_);
  if (!loaded) throw std::runtime_error(fmt::format("{}", fmt::join(loaded.error(), "\n")));
  directory_ = *std::move(loaded);
  report(*directory_, folder_);
}

std::unique_ptr<services::Pipeline> PartnerBook::make_pipeline(
    const services::Pipeline::Context& context, http::Loop& loop) {
  const std::lock_guard lock(mutex_);
  auto pipeline = std::make_unique<services::Pipeline>(context, loop, directory_);
  pipelines_.emplace_back(&loop, pipeline.get());
  return pipeline;
}

void PartnerBook::reload() {
  auto loaded = partners::Directory::load(folder_);
  if (!loaded) {
    for (const std::string& error : loaded.error()) spdlog::error("{}", error);
    spdlog::error("partners not reloaded: the old ones stay");
    return;
  }
  const std::lock_guard lock(mutex_);
  directory_ = *std::move(loaded);
  for (const auto& [loop, pipeline] : pipelines_) {
    loop->post([pipeline, directory = directory_] { pipeline->use(directory); });
  }
  spdlog::info("partners reloaded");
  report(*directory_, folder_);
}

}  // namespace batal::app
