#include "ledger/embedded/keeping/signed_line.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "ledger/embedded/log/text_file.h"

namespace batal::ledger {
namespace {

constexpr std::string_view kSignature = " signature=";

std::string hex_of(std::span<const std::uint8_t> bytes) {
  std::string digits(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), bytes.data(), bytes.size());
  digits.pop_back();
  return digits;
}

// False, too, where it is written in another form than ours, or anything stands behind it.
bool read_signature(std::string_view text, Signature& into) {
  if (!text.starts_with(kSignature)) return false;
  const std::string_view digits = text.substr(kSignature.size());
  std::size_t size = 0;
  return sodium_hex2bin(into.data(), into.size(), digits.data(), digits.size(), nullptr, &size,
                        nullptr) == 0 &&
         digits == hex_of(into);
}

template <class Number>
bool parse(const std::map<std::string, std::string, std::less<>>& values, std::string_view name,
           Number& into) {
  const auto found = values.find(name);
  if (found == values.end()) return false;
  const std::string& text = found->second;
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  into = value;
  return true;
}

}  // namespace

SignedLine& SignedLine::number(std::string_view name, std::int64_t value) {
  text_ += fmt::format(" {}={}", name, value);
  return *this;
}

SignedLine& SignedLine::hex(std::string_view name, std::span<const std::uint8_t> value) {
  text_ += fmt::format(" {}={}", name, hex_of(value));
  return *this;
}

std::string SignedLine::signed_by(const AuditKey& key) && {
  hex("key", key.public_key());
  return fmt::format("{}{}{}\n", text_, kSignature, hex_of(key.sign(bytes_of(text_))));
}

std::expected<VerifiedLine, std::string> VerifiedLine::read(std::string_view line,
                                                            std::string_view kind,
                                                            const std::optional<PublicKey>& key) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const auto end = std::min(line.find(kSignature), line.size());
  const std::string_view text = line.substr(0, end);
  VerifiedLine verified;
  std::istringstream words{std::string(text)};
  std::string word;
  words >> word;
  if (word != kind) return std::unexpected(fmt::format("is no line of {}", kind));
  while (words >> word) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) return std::unexpected("has a word without a value");
    verified.values_[word.substr(0, equals)] = word.substr(equals + 1);
  }
  PublicKey named;
  Signature signature;
  if (!verified.hex("key", named) || !read_signature(line.substr(end), signature))
    return std::unexpected("is not signed");
  if (key && named != *key) return std::unexpected("is signed by another audit key");
  if (!is_signed(named, bytes_of(text), signature))
    return std::unexpected("has a wrong signature: it was changed");
  return verified;
}

bool VerifiedLine::number(std::string_view name, std::uint64_t& into) const {
  return parse(values_, name, into);
}

bool VerifiedLine::number(std::string_view name, std::uint32_t& into) const {
  return parse(values_, name, into);
}

bool VerifiedLine::number(std::string_view name, std::int64_t& into) const {
  return parse(values_, name, into);
}

bool VerifiedLine::bytes(std::string_view name, std::span<std::uint8_t> into) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.size() != 2 * into.size()) return false;
  std::size_t size = 0;
  return sodium_hex2bin(into.data(), into.size(), found->second.data(), found->second.size(),
                        nullptr, &size, nullptr) == 0 &&
         size == into.size();
}

}  // namespace batal::ledger
