// The key that makes changes of the past visible: HMACs of records and signatures of checkpoints.
//
// One secret of 32 bytes, in a file outside the ledger's folder, so that whoever can rewrite the
// folder cannot make what fits. From it come a key for HMAC-SHA256 and an Ed25519 key pair. The
// public key may be handed to anybody who is to check checkpoints. A third key hashes the names of
// transactions in memory and index, so that no caller can choose what collides.
//
// Immutable; any thread may use it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace batal::ledger {

using Mac = std::array<std::uint8_t, 32>;
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
using HashSecret = std::array<std::uint8_t, 16>;  // of SipHash

// The first 16 hexadecimal digits of the public key.
std::string id_of(const PublicKey& key);

// From its 64 hexadecimal digits; nothing where they are something else.
std::optional<PublicKey> public_key_of(std::string_view digits);

class AuditKey {
 public:
  using Secret = std::array<std::uint8_t, 32>;
  explicit AuditKey(const Secret& secret);

  // Reads a file of one line, 64 hexadecimal digits. Throws LedgerError that names the file.
  static AuditKey read(const std::filesystem::path& file);

  // Makes one, mode 0600, durably. Throws LedgerError where the file exists or cannot be made. The
  // file takes its name when it is whole: until then, and after a stop, it is FILE.tmp.
  static AuditKey make(const std::filesystem::path& file);

  Signature sign(std::span<const std::uint8_t> message) const;
  const PublicKey& public_key() const { return public_key_; }
  const std::array<std::uint8_t, 32>& mac_key() const { return mac_key_; }
  const HashSecret& key_hash_secret() const { return key_hash_secret_; }

  // Names the key in a ledger's format file.
  std::string id() const;

 private:
  std::array<std::uint8_t, 32> mac_key_;
  std::array<std::uint8_t, 64> signing_key_;
  PublicKey public_key_;
  HashSecret key_hash_secret_;
};

// Makes and checks the MACs of records. Belongs to one thread: its context has taken the key and is
// used again for every record.
class Macs {
 public:
  explicit Macs(const AuditKey& key);

  // HMAC-SHA256 over sequence (u64 little-endian), the MAC of the record before it in its chain
  // (zeros where it is the first), and the record's bytes.
  Mac of(std::uint64_t sequence, const Mac& previous, std::span<const std::uint8_t> record);

 private:
  std::unique_ptr<evp_mac_ctx_st, void (*)(evp_mac_ctx_st*)> context_;
};

bool is_signed(const PublicKey& key, std::span<const std::uint8_t> message,
               const Signature& signature);

}  // namespace batal::ledger
