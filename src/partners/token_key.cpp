#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "partners/files.h"
#include "partners/random.h"
#include "partners/tokens.h"
#include "snap/signature.h"

namespace batal::partners {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string from_hex(const std::string& digits) {
  std::string bytes(digits.size() / 2, '\0');
  OPENSSL_hexstr2buf_ex(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), nullptr,
                        digits.c_str(), '\0');
  return bytes;
}

}  // namespace

TokenKey::TokenKey(std::string bytes) : bytes_(std::move(bytes)) {
  snap::append_hex(kid_, snap::sha256("batal token key " + bytes_));
  kid_.resize(16);
}

std::expected<TokenKey, std::string> TokenKey::read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  if (text->ends_with('\n')) text->pop_back();
  const bool right = text->size() == 2 * kKeyBytes &&
                     std::ranges::all_of(*text, [](char c) { return kHexDigits.contains(c); });
  if (!right) {
    return std::unexpected(fmt::format("{}: a token key is 64 hex digits", file.string()));
  }
  return TokenKey(from_hex(*text));
}

std::expected<TokenKey, std::string> TokenKey::read_or_make(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    const auto made = create_file(file, to_hex(random_bytes(kKeyBytes)) + "\n", 0600);
    if (!made) return std::unexpected(made.error());
  }
  return read(file);
}

}  // namespace batal::partners
