#include "partners/new_partner.h"

#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "partners/directory.h"
#include "partners/files.h"
#include "partners/identifier_rules.h"
#include "snap/identifier.h"
#include "snap/signature.h"

namespace batal::partners {
namespace {

constexpr std::size_t kClientIdSize = 20;
constexpr std::size_t kClientSecretSize = 32;
constexpr std::size_t kVaPartnerServiceIdSize = 8;

std::string first_error(std::string_view setting, const std::vector<std::string>& ids,
                        std::string (*rule)(std::string_view)) {
  for (const std::string& id : ids) {
    const std::string error = rule(id);
    if (!error.empty()) return fmt::format("{}: {}", setting, error);
  }
  return {};
}

std::string first_error(const NewPartner& partner) {
  for (std::string error : {first_error("client_id", {partner.client_id}, wrong_client_id),
                            first_error("partner_ids", partner.partner_ids, wrong_partner_id),
                            first_error("merchant_ids", partner.merchant_ids, wrong_merchant_id),
                            first_error("va_partner_service_ids", partner.va_partner_service_ids,
                                        wrong_va_partner_service_id)}) {
    if (!error.empty()) return error;
  }
  return {};
}

std::vector<Claim> claims_of(const NewPartner& partner) {
  std::vector<Claim> claims{{"client_id", partner.client_id}};
  for (const std::string& id : partner.va_partner_service_ids) {
    claims.emplace_back("va_partner_service_ids", id);
  }
  return claims;
}

NewPartner completed(NewPartner partner) {
  if (partner.client_id.empty()) partner.client_id = snap::random_alphanumeric(kClientIdSize);
  for (std::string& id : partner.va_partner_service_ids) {
    if (!id.empty()) id = fmt::format("{:>{}}", id, kVaPartnerServiceIdSize);
  }
  return partner;
}

std::string quoted(const std::vector<std::string>& texts) {
  toml::array list;
  for (const std::string& text : texts) list.push_back(text);
  std::ostringstream out;
  out << list;
  return out.str();
}

std::string toml_of(const NewPartner& partner) {
  const std::string& id = partner.client_id;
  return fmt::format(
      "client_id = \"{0}\"\n"
      "partner_ids = {1}\n"
      "public_key_file = \"{0}.public.pem\"\n"
      "client_secret_files = [\"{0}.secret\"]\n"
      "merchant_ids = {2}\n"
      "va_partner_service_ids = {3}\n"
      "accept_unescaped_signature = {4}\n"
      "lenient_debit_cancel = {5}\n",
      id, quoted(partner.partner_ids), quoted(partner.merchant_ids),
      quoted(partner.va_partner_service_ids), partner.accept_unescaped_signature,
      partner.lenient_debit_cancel);
}

struct File {
  std::filesystem::path path;
  std::string text;
  mode_t mode;
};

// All or none: what was made before a failure is removed again.
std::expected<void, std::string> create_all(const std::vector<File>& files) {
  for (auto file = files.begin(); file != files.end(); ++file) {
    const auto made = create_file(file->path, file->text, file->mode);
    if (made) continue;
    std::error_code ignored;
    for (auto done = files.begin(); done != file; ++done) {
      std::filesystem::remove(done->path, ignored);
    }
    return made;
  }
  return {};
}

}  // namespace

std::expected<Credentials, std::string> make_partner(const std::filesystem::path& folder,
                                                     const NewPartner& wanted) {
  const NewPartner partner = completed(wanted);
  if (std::string error = first_error(partner); !error.empty()) {
    return std::unexpected(std::move(error));
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return std::unexpected(
        fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  if (const auto taken = conflicts(folder, claims_of(partner)); !taken.empty()) {
    return std::unexpected(fmt::format("{}", fmt::join(taken, "\n")));
  }
  const auto path = [&](std::string_view ending) {
    return folder / fmt::format("{}.{}", partner.client_id, ending);
  };
  Credentials credentials{partner.client_id, snap::random_alphanumeric(kClientSecretSize),
                          path("toml"), path("private.pem")};
  const auto key = snap::RsaPrivateKey::generate();
  // In this order: see the header.
  const auto made = create_all({{credentials.private_key_file, key.private_pem(), 0600},
                                {path("public.pem"), key.public_pem(), 0644},
                                {path("secret"), credentials.client_secret + "\n", 0600},
                                {credentials.partner_file, toml_of(partner), 0644}});
  if (!made) return std::unexpected(made.error());
  return credentials;
}

}  // namespace batal::partners
