#include <gtest/gtest.h>

#include "ledger/embedded/log/recovery.h"
#include "ledger/small_log.h"

namespace batal::ledger {
namespace {

// Whatever lies in the folder: a start that is refused has removed nothing.
TEST(OpenFolder, RemovesNothingWhereItRefuses) {
  struct Case {
    const char* what;
    Mode mode;
    AuditKey key;
    std::string stranger;
    std::string reason;
  };
  const Case cases[] = {
      {"the only segment", Mode::Production, test_key(), "0000000001.pruned",
       "/ledger/0000000002.segment is missing: the last segment is never pruned"},
      {"a mode", Mode::Sandbox, test_key(), "a.tmp", "cannot be opened in sandbox mode"},
      {"a key", Mode::Production, AuditKey(AuditKey::Secret{}), "a.tmp", "but the key given is"},
      {"a stranger", Mode::Production, test_key(), "notes.txt", "is no file of a ledger"},
  };
  for (const auto& [what, mode, key, stranger, reason] : cases) {
    SimulatedDisk disk;
    write(disk, {2});
    for (const std::string& name : {std::string("next.tmp"), stranger})
      disk.put(kFolder / name, "");
    const auto before = disk.list(kFolder).value();
    try {
      open_folder(disk, kFolder, mode, key.id());
      ADD_FAILURE() << what;
    } catch (const LedgerError& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
    EXPECT_EQ(disk.list(kFolder).value(), before) << what;
  }
}

}  // namespace
}  // namespace batal::ledger
