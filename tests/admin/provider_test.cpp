// Reports of the provider's systems around a ledger that the test holds: what is told of those that
// the ledger did not decide in time, or at all.
#include "admin/provider.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>

#include "admin/admin.h"
#include "http/server.h"
#include "services/held_ledger.h"

namespace batal::admin {
namespace {

using namespace std::chrono_literals;
using ledger::Verdict;
using services::test::deliver;
using services::test::HeldLedger;

constexpr snap::Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
constexpr std::string_view kPay = "/provider/v1/partners/demo/transactions/R-1/pay";

struct Heard {
  int status;
  std::string body;
};

class ProviderTest : public ::testing::Test {
 protected:
  // A listener of its own for each deadline.
  std::uint16_t serve(std::chrono::milliseconds deadline = 1h) {
    servers_.push_back(std::make_unique<http::Server>(1));
    http::Server& server = *servers_.back();
    const auto listener = server.listen(
        {.address = "127.0.0.1", .port = 0, .tls = {}, .limits = {}},
        [this, deadline](http::Loop& loop) {
          auto provider = std::make_unique<Provider>(
              ledger, [] { return kNow; }, deadline, loop);
          return std::make_unique<Admin>(context_, std::move(provider));
        },
        1);
    server.start();
    return server.port(listener);
  }

  static std::future<Heard> report(std::uint16_t port, std::string path = std::string(kPay),
                                   std::string headers = "Idempotency-Key: K-1\r\n") {
    return std::async(std::launch::async, [=] {
      using boost::asio::ip::tcp;
      tcp::iostream stream;
      stream.expires_after(10s);
      stream.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
      stream << "POST " << path << " HTTP/1.1\r\nHost: admin\r\nAuthorization: Bearer token\r\n"
             << headers << "Content-Length: 0\r\nConnection: close\r\n\r\n"
             << std::flush;
      const std::string answer(std::istreambuf_iterator<char>(stream), {});
      const auto body = answer.find("\r\n\r\n");
      if (body == std::string::npos) return Heard{0, answer};
      return Heard{std::stoi(answer.substr(answer.find(' '))), answer.substr(body + 4)};
    });
  }

  // The transaction that they name is paid.
  static void deliver_paid(const HeldLedger::Held& held) {
    for (ledger::Submission* submission : held) {
      payment::Transaction paid;
      paid.reference_no = submission->command.target.reference_no;
      paid.state = payment::State::Paid;
      payment::Event event;
      event.at = kNow;
      event.transaction = std::make_shared<const payment::Transaction>(paid);
      submission->outcome.result = payment::Outcome::Result::Accepted;
      submission->outcome.event = std::make_shared<const payment::Event>(event);
    }
    deliver(held, Verdict::Decided);
  }

  HeldLedger ledger;

 private:
  const Admin::Context context_{.token = "token", .ready = [] { return true; }, .routes = {}};
  std::vector<std::unique_ptr<http::Server>> servers_;
};

TEST_F(ProviderTest, HandsOverTheWholeReport) {
  const std::uint16_t port = serve();
  auto answer = report(port);
  const auto held = ledger.take(1);
  const payment::Command& command = held.front()->command;
  EXPECT_EQ(command.action, payment::Action::Pay);
  EXPECT_EQ(command.partner, "demo");
  EXPECT_FALSE(command.kind.has_value());
  EXPECT_EQ(command.target.reference_no, "R-1");
  EXPECT_EQ(command.call.service, payment::kProviderService);
  EXPECT_EQ(command.call.external_id, "K-1");
  deliver_paid(held);
  const Heard heard = answer.get();
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body, R"({"referenceNo":"R-1","kind":"debit","state":"paid",)"
                        R"("changedAt":"2026-03-01T07:00:00+07:00"})");
}

TEST_F(ProviderTest, AKeyBelongsToOnePath) {
  const std::uint16_t port = serve();
  std::vector<payment::Fingerprint> fingerprints;
  for (const std::string path : {"R-1/pay", "R-1/fail", "R-2/pay"}) {
    auto answer = report(port, "/provider/v1/partners/demo/transactions/" + path);
    const auto held = ledger.take(1);
    fingerprints.push_back(held.front()->command.call.fingerprint);
    deliver_paid(held);
    EXPECT_EQ(answer.get().status, 200);
  }
  EXPECT_NE(fingerprints[0], fingerprints[1]);
  EXPECT_NE(fingerprints[0], fingerprints[2]);
}

TEST_F(ProviderTest, TellsWhatIsKnownOfAReportThatWasNotDecided) {
  const std::uint16_t port = serve();
  for (const auto& [verdict, status] : std::vector<std::pair<Verdict, int>>{
           {Verdict::NotStored, 500}, {Verdict::TooLate, 504}, {Verdict::Unknown, 504}}) {
    auto answer = report(port);
    deliver(ledger.take(1), verdict);
    EXPECT_EQ(answer.get().status, status);
  }
}

TEST_F(ProviderTest, TurnsAwayWhatTheQueueDoesNotTake) {
  const std::uint16_t port = serve();
  ledger.set_room(0);
  EXPECT_EQ(report(port).get().status, 429);
  ledger.set_room(1);
  auto answer = report(port);
  deliver_paid(ledger.take(1));
  EXPECT_EQ(answer.get().status, 200);
}

// An earlier try of the report may be on disk, so "not done" would be a lie.
TEST_F(ProviderTest, SaysThatItDoesNotKnowOnceTheLedgerHasFailed) {
  const std::uint16_t port = serve();
  ledger.fail();
  EXPECT_EQ(report(port).get().status, 504);
}

TEST_F(ProviderTest, AnswersAtTheDeadlineAndTakesTheLateOutcomeInSilence) {
  const std::uint16_t port = serve(1ms);
  const Heard heard = report(port).get();
  EXPECT_EQ(heard.status, 504);
  EXPECT_EQ(heard.body, R"({"error":"not known in time; repeat with the same Idempotency-Key"})");
  deliver_paid(ledger.take(1));
  const std::uint16_t patient = serve();
  auto answer = report(patient);
  deliver_paid(ledger.take(1));
  EXPECT_EQ(answer.get().status, 200);
}

TEST_F(ProviderTest, KnowsNoOtherPaths) {
  const std::uint16_t port = serve();
  for (const std::string path :
       {"demo/transactions/R-1", "demo/transactions/R-1/pay/", "demo/transactions/R-1/cancel",
        "demo/transactions//pay", "/transactions/R-1/pay", "demo/transaction/R-1/pay", ""}) {
    EXPECT_EQ(report(port, "/provider/v1/partners/" + path).get().status, 404) << path;
  }
}

TEST_F(ProviderTest, TakesOneKeyOfOneTo64Characters) {
  const std::uint16_t port = serve();
  const auto key = [](std::string value) { return "Idempotency-Key: " + value + "\r\n"; };
  for (const std::string& headers :
       {std::string(), key(""), key(std::string(65, 'k')), key("a b"), key("K-1") + key("K-1")}) {
    EXPECT_EQ(report(port, std::string(kPay), headers).get().status, 400) << headers;
  }
  for (const std::string& headers : {key("k"), key(std::string(64, 'k')), key("aZ0._~-")}) {
    auto answer = report(port, std::string(kPay), headers);
    deliver_paid(ledger.take(1));
    EXPECT_EQ(answer.get().status, 200) << headers;
  }
}

}  // namespace
}  // namespace batal::admin
