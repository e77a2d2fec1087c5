#include "snap/identifier.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/rand.h>

namespace batal::snap {
namespace {

constexpr std::size_t kExternalIdMax = 36;
constexpr std::size_t kChannelIdLength = 5;
constexpr std::string_view kHead = "A1";
constexpr std::string_view kTail = "ID";
constexpr std::size_t kTimeLength = 14;
constexpr std::size_t kRandomLength = 10;
constexpr std::string_view kAlphanumerics =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return kAlphanumerics.find(c) != std::string_view::npos;
}
bool is_unreserved(char c) {
  return is_alphanumeric(c) || c == '.' || c == '_' || c == '~' || c == '-';
}

}  // namespace

bool is_external_id(std::string_view text) {
  return !text.empty() && text.size() <= kExternalIdMax && std::ranges::all_of(text, is_unreserved);
}

bool is_channel_id(std::string_view text) {
  return text.size() == kChannelIdLength && std::ranges::all_of(text, is_digit);
}

// Bytes at or above a multiple of 62 are thrown away, so that every character is equally likely.
std::string random_alphanumeric(std::size_t count) {
  constexpr std::size_t kFair = 256 / kAlphanumerics.size() * kAlphanumerics.size();
  std::string text;
  std::array<unsigned char, 16> bytes;
  while (text.size() < count) {
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
      throw std::runtime_error("OpenSSL has no random bytes");
    }
    for (const unsigned char byte : bytes) {
      if (byte < kFair && text.size() < count) text += kAlphanumerics[byte % kAlphanumerics.size()];
    }
  }
  return text;
}

std::string new_reference_no(Time now) {
  std::string text(kHead);
  text += compact_utc(now);
  text += random_alphanumeric(kRandomLength);
  text += kTail;
  return text;
}

bool is_reference_no(std::string_view text) {
  if (text.size() != kHead.size() + kTimeLength + kRandomLength + kTail.size()) return false;
  return text.starts_with(kHead) && text.ends_with(kTail) &&
         std::ranges::all_of(text.substr(kHead.size(), kTimeLength), is_digit) &&
         std::ranges::all_of(text.substr(kHead.size() + kTimeLength, kRandomLength),
                             is_alphanumeric);
}

}  // namespace batal::snap
