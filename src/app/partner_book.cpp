#include "app/partner_book.h"

#include <stdexcept>

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace batal::app {

PartnerBook::PartnerBook(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  auto loaded = partners::Directory::load(folder_);
  if (!loaded) throw std::runtime_error(fmt::format("{}", fmt::join(loaded.error(), "\n")));
  directory_ = *std::move(loaded);
  spdlog::info("{} partners in {}", directory_->size(), folder_.string());
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
  spdlog::info("{} partners reloaded from {}", directory_->size(), folder_.string());
}

}  // namespace batal::app
