// `batal ledger verify`, `checkpoint`, `backup` and `restore`: each does its deed, shows on a
// terminal how far it is, and prints what it found. All return the exit status and throw
// ledger::LedgerError, a sentence that names what is wrong.
#pragma once

#include <filesystem>
#include <optional>

#include "ledger/audit_key.h"

namespace batal::app {

struct VerifyArguments {
  std::filesystem::path folder{};
  std::filesystem::path audit_key{};  // unless there is a public key
  std::optional<ledger::PublicKey> public_key{};
  std::filesystem::path head{};  // empty: none
};

int verify_ledger(const VerifyArguments& arguments);

// Prints the newest line of the folder's checkpoints.
int print_checkpoint(const std::filesystem::path& folder);

struct BackupArguments {
  std::filesystem::path file{};
  std::filesystem::path folder{};
  std::filesystem::path audit_key{};
};

int back_up_ledger(const BackupArguments& arguments);
int restore_ledger(const BackupArguments& arguments);

}  // namespace batal::app
