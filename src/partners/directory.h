// All partners, read from a folder: one TOML file each, secrets and keys by file path.
//
// A Directory never changes; a reload makes a new one, and whoever holds the old keeps it until
// done. A partner file:
//
//   client_id = "demo"
//   partner_ids = ["BMRI"]                       # beside the client id
//   public_key_file = "demo.public.pem"          # relative to this file
//   client_secret_files = ["demo.secret"]        # one or two; the text without its last newline
//   merchant_ids = ["G123456789"]
//   va_partner_service_ids = ["   88899"]
//   accept_unescaped_signature = true            # default
//   lenient_debit_cancel = false                 # default
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "partners/partner.h"
#include "partners/partner_file.h"

namespace batal::partners {

class Directory {
 public:
  // Reads every *.toml of the folder. The errors, one line each, name file, line and setting; all
  // that are found are told at once.
  static std::expected<std::shared_ptr<const Directory>, std::vector<std::string>> load(
      const std::filesystem::path& folder);

  static std::shared_ptr<const Directory> of(std::vector<Partner> partners);

  const Partner* find(std::string_view client_id) const;  // null pointer: unknown
  std::size_t size() const { return partners_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Partner, TextHash, std::equal_to<>> partners_;
};

// Why a partner with these claims cannot be added to a folder: the errors of load(), and a line for
// each claim that a partner of the folder made before. Empty: it can.
std::vector<std::string> conflicts(const std::filesystem::path& folder,
                                   const std::vector<Claim>& claims);

}  // namespace batal::partners
