// The services over a real ledger whose disk fails under it: nobody is told what nobody knows, and
// after the restart every call has one fate.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/embedded/embedded_ledger.h"
#include "ledger/embedded/reader.h"
#include "ledger/simulated_disk.h"
#include "ledger/test_key.h"
#include "services/branch.h"

namespace batal::services::test {
namespace {

using ledger::EmbeddedLedger;

constexpr int kCallers = 8;
const ledger::Path kFolder = "/ledger";

class FailingDiskTest : public ::testing::TestWithParam<bool> {
 protected:
  void open() {
    ledger::EmbeddedOptions options{.audit_key = ledger::test_key()};
    options.index_file = index_folder / "index.sqlite";
    options.log = {.folder = kFolder,
                   .mode = ledger::Mode::Sandbox,
                   .segment_bytes = 64 * 1024,
                   .batch_bytes_max = 16 * 1024,
                   .record_bytes_max = 4 * 1024};
    options.clock = [] { return kNow; };
    options.on_failure = [this] { ++failures; };
    ledger = std::make_unique<EmbeddedLedger>(std::move(options), *disk);
    ledger->start();
    branch = std::make_unique<Branch>(*ledger);
    for (int i = 0; i < kCallers; ++i) callers.emplace_back(*branch);
  }

  void close() {
    ledger->stop();
    callers.clear();
    branch.reset();
    ledger.reset();
  }

  // Every caller makes its payment.
  void create_payments() {
    for (int i = 0; i < kCallers; ++i) {
      const auto body =
          fmt::format(R"({{"partnerReferenceNo":"order","amount":{{"value":"{}.00"}}}})", i + 1);
      const Heard heard = callers[std::size_t(i)].call("/v1.0/debit/payment-host-to-host",
                                                       fmt::format("charge-{}", i), body);
      ASSERT_EQ(heard.code, "2005400") << heard.body;
    }
  }

  std::string cancel_request(int i) {
    return callers[std::size_t(i)].request(
        kCancelPath, fmt::format("cancel-{}", i),
        fmt::format(R"({{"originalExternalId":"charge-{}","originalPartnerReferenceNo":"order"}})",
                    i));
  }

  // All cancels at once; their answers.
  std::vector<Heard> cancel_all() {
    for (int i = 0; i < kCallers; ++i) callers[std::size_t(i)].send(cancel_request(i));
    std::vector<Heard> answers;
    for (Caller& caller : callers) answers.push_back(caller.hear());
    return answers;
  }

  void break_disk(bool at_sync) {
    const auto fail = [this] { disk->fail_at(1, 1000); };
    if (at_sync) {
      disk->on_segment_sync(fail);
    } else {
      fail();
    }
  }

  void power_cut() {
    disk->on_segment_sync(nullptr);
    disk->heal();
    disk->crash();
  }

  // External ids of the log's events, and how often each is there.
  std::map<std::string, int> events() {
    std::map<std::string, int> found;
    for (ledger::Reader reader(kFolder, *disk); const auto entry = reader.next();) {
      if (const auto* event = std::get_if<payment::EventPtr>(&entry->stored.record)) {
        ++found[(*event)->call.external_id];
      }
    }
    return found;
  }

  std::unique_ptr<ledger::SimulatedDisk> disk;
  const testing::TempFolder index_folder;
  std::unique_ptr<EmbeddedLedger> ledger;
  std::unique_ptr<Branch> branch;
  std::deque<Caller> callers;
  int failures = 0;  // written on the ledger's thread; read after close()
};

TEST_P(FailingDiskTest, TellsNobodyWhatNobodyKnowsAndDoesEachCallOnce) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    disk = std::make_unique<ledger::SimulatedDisk>(seed);
    failures = 0;
    open();
    create_payments();
    break_disk(GetParam());
    for (const Heard& heard : cancel_all()) EXPECT_EQ(heard.code, "5045700");
    EXPECT_FALSE(ledger->healthy());
    // Nothing is told from then on, a repetition and a query included.
    for (const Heard& heard : cancel_all()) EXPECT_EQ(heard.code, "5045700");
    EXPECT_EQ(
        callers[0].call("/v1.0/debit/status", "q", R"({"originalExternalId":"charge-0"})").code,
        "5045500");
    close();
    EXPECT_EQ(failures, 1);

    power_cut();
    open();
    const auto first = cancel_all();
    const auto second = cancel_all();
    std::map<std::string, int> once;
    for (int i = 0; i < kCallers; ++i) {
      EXPECT_EQ(first[std::size_t(i)].code, "2005700");
      EXPECT_EQ(second[std::size_t(i)].body, first[std::size_t(i)].body);
      once[fmt::format("charge-{}", i)] = once[fmt::format("cancel-{}", i)] = 1;
    }
    EXPECT_EQ(events(), once);
    close();
    EXPECT_EQ(failures, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(At, FailingDiskTest, ::testing::Bool(), [](const auto& parameter) {
  return std::string(parameter.param ? "Sync" : "Write");
});

}  // namespace
}  // namespace batal::services::test
