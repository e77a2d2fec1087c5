// Fuzzed: the text of a partner file, beside a key and a secret that it can name.
//
// Asserted: there is a partner or there are errors, never both and never neither; an error is one
// printable line that begins with the file and a line of it, and they come by line; a partner and
// all claims keep to the rules of identifiers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fuzz/require.h"
#include "partners/identifier_rules.h"
#include "partners/partner_file.h"
#include "snap/document.h"
#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::fuzz {
namespace {

using partners::Partner;
using partners::PartnerFile;

bool is_line(std::string_view text) {
  return snap::is_utf8(text) && std::ranges::all_of(text, [](char c) {
           return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
         });
}

// The line that an error names; the words are the file's, a colon, the line and another colon.
std::size_t line_of(const std::string& error, const std::filesystem::path& file) {
  const std::string head = file.string() + ":";
  require(error.starts_with(head), "an error begins with its file");
  const std::size_t end = error.find(':', head.size());
  require(end != std::string::npos, "an error names its line");
  const std::string line = error.substr(head.size(), end - head.size());
  require(!line.empty() && line.find_first_not_of("0123456789") == std::string::npos,
          "a line is a number");
  return std::stoul(line);
}

void check_errors(const PartnerFile& read, const std::filesystem::path& file, std::size_t lines) {
  std::size_t last = 1;
  for (const std::string& error : read.errors) {
    if (!is_line(error)) require_equal(error, "", "an error is one printable line");
    const std::size_t line = line_of(error, file);
    require(line >= last && line <= lines, "errors come by line");
    last = line;
  }
}

void check_partner(const Partner& partner) {
  require(partners::wrong_client_id(partner.client_id).empty(), "a client id keeps to its rule");
  require(!partner.client_secrets.empty() && partner.client_secrets.size() <= 2,
          "a partner has one or two secrets");
  require(std::ranges::none_of(partner.client_secrets, &std::string::empty),
          "a partner's secrets are not empty");
  const auto keeps = [](const std::vector<std::string>& ids, auto rule) {
    return std::ranges::all_of(ids, [rule](const auto& id) { return rule(id).empty(); });
  };
  require(keeps(partner.partner_ids, partners::wrong_partner_id) &&
              keeps(partner.merchant_ids, partners::wrong_merchant_id) &&
              keeps(partner.va_partner_service_ids, partners::wrong_va_partner_service_id),
          "a partner's ids keep to their rules");
}

void check_claims(const PartnerFile& read, std::size_t lines) {
  for (const partners::Claim& claim : read.claims) {
    const bool names_partner = claim.setting == "client_id";
    require(names_partner || claim.setting == "va_partner_service_ids", "two settings are claims");
    require((names_partner ? partners::wrong_client_id(claim.value)
                           : partners::wrong_va_partner_service_id(claim.value))
                .empty(),
            "a claim keeps to its rule");
    require(claim.line >= 1 && claim.line <= lines, "a claim knows its line");
  }
}

// A folder in which "key.pem" is a public key and "secret" a secret.
struct Folder {
  Folder() {
    folder.write("key.pem", snap::RsaPrivateKey::generate().public_pem());
    folder.write("secret", "a secret\n");
    folder.write("empty", "\n");
  }
  testing::TempFolder folder;
};

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  static const fuzz::Folder kFolder;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = kFolder.folder / "partner.toml";
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;

  const partners::PartnerFile read = partners::parse_partner_file(file, text);
  fuzz::require(read.partner.has_value() == read.errors.empty(), "a partner, or errors");
  fuzz::check_errors(read, file, lines);
  fuzz::check_claims(read, lines);
  if (read.partner) fuzz::check_partner(*read.partner);
  return 0;
}
