// One partner file, read: what directory.h describes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partners/partner.h"

namespace batal::partners {

// A setting that no two partners may share: a client id, a VA partner service id.
struct Claim {
  std::string setting;
  std::string value;
  std::size_t line = 0;
};

struct PartnerFile {
  std::optional<Partner> partner;   // none if anything in the file is wrong
  std::vector<Claim> claims;        // also of a file with errors, so that all are told at once
  std::vector<std::string> errors;  // "FILE:LINE: setting: what is wrong", by line
};

// Errors outside any one line (a setting that is missing) are those of line 1; TOML that does not
// parse gives one error with line and column. An error is one line whatever the file holds: control
// characters and bytes that are no UTF-8 are shown as \xNN.
PartnerFile read_partner_file(const std::filesystem::path& file);

// The same for a text that stands in the file, or would.
PartnerFile parse_partner_file(const std::filesystem::path& file, std::string_view text);

std::string setting_error(const std::filesystem::path& file, std::size_t line,
                          std::string_view setting, std::string_view what);

}  // namespace batal::partners
