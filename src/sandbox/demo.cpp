#include "sandbox/demo.h"

#include <fmt/format.h>

#include "partners/files.h"
#include "partners/new_partner.h"

namespace batal::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClientId = "demo";
constexpr std::string_view kPartnerId = "BATALDEMO";
constexpr std::string_view kMerchantId = "G000000001";
constexpr std::string_view kChannelId = "95221";
// Eight digits, so that no reader of credentials.env can lose its padding.
constexpr std::string_view kVaPartnerServiceId = "70088899";

}  // namespace

std::expected<void, std::string> ensure_demo_partner(const fs::path& partners) {
  if (fs::exists(partners / fmt::format("{}.toml", kClientId))) return {};
  // The TOML file is the last that is made: files without it are of a start that was broken off.
  for (const std::string_view ending : {"private.pem", "public.pem", "secret"}) {
    std::error_code ignored;
    fs::remove(partners / fmt::format("{}.{}", kClientId, ending), ignored);
  }
  const auto made = partners::make_partner(
      partners, {.client_id = std::string(kClientId),
                 .partner_ids = {std::string(kPartnerId)},
                 .merchant_ids = {std::string(kMerchantId), "G000000002"},
                 .va_partner_service_ids = {std::string(kVaPartnerServiceId), "   88899"}});
  if (!made) return std::unexpected(made.error());
  return {};
}

std::expected<void, std::string> write_credentials(const fs::path& folder, const fs::path& partners,
                                                   const Addresses& addresses) {
  const auto secret = partners::read_file(partners / fmt::format("{}.secret", kClientId));
  if (!secret) return std::unexpected(secret.error());
  const fs::path key = fs::absolute(partners / fmt::format("{}.private.pem", kClientId));
  const std::string text = fmt::format(
      "BASE_URL={}\nCLIENT_ID={}\nPARTNER_ID={}\nCLIENT_SECRET={}\nPRIVATE_KEY_FILE={}\n"
      "MERCHANT_ID={}\nCHANNEL_ID={}\nVA_PARTNER_SERVICE_ID={}\nADMIN_URL={}\nADMIN_TOKEN={}\n",
      addresses.base_url, kClientId, kPartnerId, secret->substr(0, secret->find('\n')),
      key.string(), kMerchantId, kChannelId, kVaPartnerServiceId, addresses.admin_url,
      addresses.admin_token);
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  return partners::replace_file(folder / "credentials.env", text, 0600);
}

}  // namespace batal::sandbox
