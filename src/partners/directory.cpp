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
    const auto& [owner_file, owner_line] = owner->second;
    if (is_new || owner_file == file) return;
    errors.push_back(setting_error(
        file, claim.line, claim.setting,
        fmt::format("\"{}\" is already in {}:{}", claim.value, owner_file.string(), owner_line)));
  }

 private:
  std::map<std::pair<std::string, std::string>, std::pair<std::filesystem::path, std::size_t>>
      owners_;
};

}  // namespace

std::expected<std::shared_ptr<const Directory>, Errors> Directory::load(
    const std::filesystem::path& folder) {
  const auto files = toml_files(folder);
  if (!files) return std::unexpected(Errors{files.error()});
  std::vector<Partner> partners;
  Errors errors;
  Claims claims;
  for (const auto& file : *files) {
    PartnerFile read = read_partner_file(file);
    std::ranges::move(read.errors, std::back_inserter(errors));
    for (const Claim& claim : read.claims) claims.add(file, claim, errors);
    if (read.partner) partners.push_back(std::move(*read.partner));
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return of(std::move(partners));
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

}  // namespace batal::partners
