#include "partners/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "partners/partner_file.h"

namespace batal::partners {
namespace {

using Errors = std::vector<std::string>;

std::expected<std::vector<std::filesystem::path>, std::string> toml_files(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (entry->path().extension() == ".toml") files.push_back(entry->path());
    entry.increment(error);
  }
  if (error) {
    return std::unexpected(
        fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
  std::ranges::sort(files);
  return files;
}

// Finds what two partners claim, over all files of a folder.
class Claims {
 public:
  void add(const std::filesystem::path& file, const Claim& claim, Errors& errors) {
    const auto [owner, is_new] =
        owners_.try_emplace({claim.setting, claim.value}, file, claim.line);
    if (is_new || owner->second.first == file) return;
    errors.push_back(setting_error(file, claim.line, claim.setting, conflict(claim)));
  }

  // What is wrong with claiming this too; empty if nobody has it.
  std::string conflict(const Claim& claim) const {
    const auto owner = owners_.find({claim.setting, claim.value});
    if (owner == owners_.end()) return {};
    const auto& [file, line] = owner->second;
    return fmt::format("\"{}\" is already in {}:{}", claim.value, file.string(), line);
  }

 private:
  std::map<std::pair<std::string, std::string>, std::pair<std::filesystem::path, std::size_t>>
      owners_;
};

struct Folder {
  std::vector<Partner> partners;
  Claims claims;
  Errors errors;
};

Folder read_folder(const std::filesystem::path& path) {
  Folder folder;
  const auto files = toml_files(path);
  if (!files) {
    folder.errors.push_back(files.error());
    return folder;
  }
  for (const auto& file : *files) {
    PartnerFile read = read_partner_file(file);
    std::ranges::move(read.errors, std::back_inserter(folder.errors));
    for (const Claim& claim : read.claims) folder.claims.add(file, claim, folder.errors);
    if (read.partner) folder.partners.push_back(std::move(*read.partner));
  }
  return folder;
}

}  // namespace

std::expected<std::shared_ptr<const Directory>, Errors> Directory::load(
    const std::filesystem::path& folder) {
  Folder read = read_folder(folder);
  if (!read.errors.empty()) return std::unexpected(std::move(read.errors));
  return of(std::move(read.partners));
}

std::shared_ptr<const Directory> Directory::of(std::vector<Partner> partners) {
  auto directory = std::make_shared<Directory>();
  for (Partner& partner : partners) {
    std::string id = partner.client_id;
    if (!directory->partners_.emplace(id, std::move(partner)).second) {
      throw std::invalid_argument("two partners with the client id " + id);
    }
  }
  return directory;
}

const Partner* Directory::find(std::string_view client_id) const {
  const auto found = partners_.find(client_id);
  return found == partners_.end() ? nullptr : &found->second;
}

Errors conflicts(const std::filesystem::path& folder, const std::vector<Claim>& claims) {
  Folder read = read_folder(folder);
  for (const Claim& claim : claims) {
    const std::string conflict = read.claims.conflict(claim);
    if (!conflict.empty()) read.errors.push_back(fmt::format("{}: {}", claim.setting, conflict));
  }
  return std::move(read.errors);
}

}  // namespace batal::partners
