// Makes a partner: key pair, client secret and the TOML file that names them.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace batal::partners {

struct NewPartner {
  std::string client_id{};  // empty: a random one is made
  std::vector<std::string> partner_ids{};
  std::vector<std::string> merchant_ids{};
  std::vector<std::string> va_partner_service_ids{};  // padded to 8 here
  bool accept_unescaped_signature = true;
  bool lenient_debit_cancel = false;
};

// What the partner's developers need; the private key is theirs and batal never reads it again.
struct Credentials {
  std::string client_id;
  std::string client_secret;
  std::filesystem::path partner_file;
  std::filesystem::path private_key_file;  // PKCS#8 PEM, mode 0600
};

// Writes <client_id>.toml, .public.pem, .private.pem and .secret into the folder, which is made if
// it is missing. Never overwrites a file, and refuses ids that a partner of the folder has already.
// The partner file comes last: whatever it names is there. Errors name the file, one line each.
std::expected<Credentials, std::string> make_partner(const std::filesystem::path& folder,
                                                     const NewPartner& partner);

}  // namespace batal::partners
