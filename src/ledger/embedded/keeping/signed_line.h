// A line of text that says something about the ledger and is signed: checkpoints and attestations.
//
//   batal-checkpoint ledger=00ff… sequence=17 … key=<public key> signature=<64 bytes>
//
// Names in the order of writing; values are numbers or lower-case hexadecimal. The signature, by
// the audit key, is over all that stands before " signature=". Plain text, so that it can be read
// by eye, mailed and printed.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/audit_key.h"

namespace batal::ledger {

class SignedLine {
 public:
  explicit SignedLine(std::string_view kind) : text_(kind) {}

  SignedLine& number(std::string_view name, std::int64_t value);
  SignedLine& hex(std::string_view name, std::span<const std::uint8_t> value);

  // The whole line, its newline included.
  std::string signed_by(const AuditKey& key) &&;

 private:
  std::string text_;
};

// A line that was read and whose signature holds, by the key that it names or by another one given.
class VerifiedLine {
 public:
  // The error is a sentence without the file's name.
  static std::expected<VerifiedLine, std::string> read(std::string_view line, std::string_view kind,
                                                       const std::optional<PublicKey>& key);

  // False, and `into` is left, where the name is missing or its value is no such thing.
  bool number(std::string_view name, std::uint64_t& into) const;
  bool number(std::string_view name, std::uint32_t& into) const;
  bool number(std::string_view name, std::int64_t& into) const;
  template <std::size_t N>
  bool hex(std::string_view name, std::array<std::uint8_t, N>& into) const {
    return bytes(name, into);
  }

 private:
  bool bytes(std::string_view name, std::span<std::uint8_t> into) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace batal::ledger
