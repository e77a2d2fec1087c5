#include "ledger/audit_key.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <numeric>

#include "ledger/embedded/log/ledger_error.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using testing::TempFolder;

AuditKey counted() {
  AuditKey::Secret secret;
  std::iota(secret.begin(), secret.end(), std::uint8_t{0});
  return AuditKey(secret);
}

template <class Bytes>
std::string hex(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string refusal(const std::filesystem::path& file) {
  try {
    AuditKey::read(file);
  } catch (const LedgerError& error) {
    return error.what();
  }
  return "none";
}

// Whoever holds the secret must be able to check a ledger for ever, with other tools too. These
// come from Python: hashlib.blake2b(digest_size=N, key=secret, salt=number as u64 little-endian
// and 8 zeros, person=b"batalaud" and 8 zeros), hmac with SHA-256, and cryptography's Ed25519.
TEST(AuditKey, DerivesWhatItAlwaysDid) {
  const AuditKey key = counted();
  EXPECT_EQ(hex(key.mac_key()), "6b5aabdc9fbec5983784ec51bdc7a551d9691a4dd115ac0de06bfd6abf721638");
  EXPECT_EQ(hex(key.key_hash_secret()), "0cf5b17c864442ba95c55e6ec77a8766");
  EXPECT_EQ(hex(key.public_key()),
            "c4c72f20d511367b35af71b51ba6dbbdadb6674e99f5ceb5b6ca7f6b1585e49d");
  EXPECT_EQ(key.id(), "c4c72f20d511367b");
}

TEST(AuditKey, SignsAsItAlwaysDid) {
  const Signature signature = counted().sign(bytes_of("batal"));
  EXPECT_EQ(hex(signature),
            "bcdbfb2f2a2004f5f41b5ac3ed8a37ae429731c9c07574cd5ddab8132c996c61"
            "a90cbe21bfa73cd5d5bc46eb89b8925304c26f13005e86427fb697de1d2c8708");
  EXPECT_TRUE(is_signed(counted().public_key(), bytes_of("batal"), signature));
  EXPECT_FALSE(is_signed(counted().public_key(), bytes_of("batai"), signature));
  EXPECT_FALSE(is_signed(AuditKey(AuditKey::Secret{}).public_key(), bytes_of("batal"), signature));
}

TEST(Macs, AreWhatTheyAlwaysWere) {
  Macs macs(counted());
  Mac previous;
  previous.fill(0xAA);
  const char* const mac = "d9caf2be3b6715e01950abe2cd81dda24fdc86e51c6d4bf05b76323f8d3b4e4c";
  EXPECT_EQ(hex(macs.of(7, previous, bytes_of("record"))), mac);
  EXPECT_NE(hex(macs.of(8, previous, bytes_of("record"))), mac);
  EXPECT_NE(hex(macs.of(7, {}, bytes_of("record"))), mac);
  EXPECT_NE(hex(macs.of(7, previous, bytes_of("recors"))), mac);
  EXPECT_EQ(hex(macs.of(7, previous, bytes_of("record"))), mac) << "none leaves a trace";
}

TEST(AuditKeyFile, GivesBackTheKeyThatWasMade) {
  const TempFolder folder;
  const AuditKey made = AuditKey::make(folder / "deep/down/audit.key");
  const AuditKey read = AuditKey::read(folder / "deep/down/audit.key");
  EXPECT_EQ(read.public_key(), made.public_key());
  EXPECT_EQ(read.mac_key(), made.mac_key());
  EXPECT_EQ(read.key_hash_secret(), made.key_hash_secret());
  EXPECT_NE(AuditKey::make(folder / "other.key").public_key(), made.public_key());
}

TEST(AuditKeyFile, IsItsOwnersAlone) {
  const TempFolder folder;
  AuditKey::make(folder / "audit.key");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "audit.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(AuditKeyFile, IsNeverOverwritten) {
  const TempFolder folder;
  folder.write("audit.key", "precious");
  EXPECT_THROW(AuditKey::make(folder / "audit.key"), LedgerError);
  EXPECT_EQ(folder.read("audit.key"), "precious");
}

TEST(AuditKeyFile, IsWholeOrNotThere) {
  const TempFolder folder;
  folder.write("audit.key.tmp", "what a stopped call left");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{.rlim_cur = 10, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_THROW(AuditKey::make(folder / "audit.key"), LedgerError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  AuditKey::make(folder / "audit.key");
  EXPECT_FALSE(std::filesystem::exists(folder / "audit.key.tmp"));
}

TEST(AuditKeyFile, IsOneLineOfHexadecimalDigits) {
  const TempFolder folder;
  const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  for (const auto& text : {digits, digits + "\n"})
    EXPECT_EQ(AuditKey::read(folder.write("good", text)).id(), counted().id()) << text;
  std::string no_digit = digits;
  no_digit[5] = 'g';
  for (const auto& text :
       {std::string(), std::string("\n"), digits.substr(1), digits.substr(2), digits + "00",
        digits + "\n\n", digits + "\nmore", no_digit, "\n" + digits,
        digits.substr(0, 32) + "\n" + digits.substr(32), std::string(64, '\0')}) {
    const auto file = folder.write("bad", text);
    EXPECT_EQ(refusal(file),
              file.string() + " is no audit key: it must be one line of 64 hexadecimal digits")
        << text;
  }
}

TEST(AuditKeyFile, IsNamedWhereItIsMissing) {
  EXPECT_EQ(refusal("/no/such/key"), "cannot open /no/such/key: No such file or directory");
}

}  // namespace
}  // namespace batal::ledger
