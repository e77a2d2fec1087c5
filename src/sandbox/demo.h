// The demo partner, made on the sandbox's first start, and the file that tells its credentials.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace batal::sandbox {

// What credentials.env names, beside the partner's own: the contract with test suites and scripts.
struct Addresses {
  std::string base_url;  // http://127.0.0.1:8080
  std::string admin_url;
  std::string admin_token;
};

// Makes the demo partner in the folder of partner files if it is not there; what a start that was
// broken off has left of it is removed. Errors name the file.
std::expected<void, std::string> ensure_demo_partner(const std::filesystem::path& partners);

// Writes <folder>/credentials.env, mode 0600, whole or not at all: BASE_URL, CLIENT_ID, PARTNER_ID,
// CLIENT_SECRET, PRIVATE_KEY_FILE, MERCHANT_ID, CHANNEL_ID, VA_PARTNER_SERVICE_ID, ADMIN_URL,
// ADMIN_TOKEN; one KEY=VALUE a line, without quotes.
std::expected<void, std::string> write_credentials(const std::filesystem::path& folder,
                                                   const std::filesystem::path& partners,
                                                   const Addresses& addresses);

}  // namespace batal::sandbox
