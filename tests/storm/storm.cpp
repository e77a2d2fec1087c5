// The proof `storm`: many identical calls at once have one effect and one answer.
//
//   storm [--seed S] [--rounds N] [--calls N]
//
// A round is a storm on each of the four cancels: a transaction is created, and the same signed
// request is sent over all connections, which are open already. In two storms of a round, by the
// seed, the server stands still until all of them lie in its sockets; in the others they come as
// fast as they can be written. All answers must be success and equal byte for byte, the transaction
// must be cancelled, and at the end the log must hold one event of each call.
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "histories/wording.h"
#include "snap/document.h"
#include "support/merchant.h"
#include "support/server_process.h"
#include "support/wire.h"

namespace batal::storm {
namespace {

using histories::Call;
using histories::Subject;
using payment::Action;
using payment::Kind;

constexpr int kPatienceMs = 60'000;

struct Options {
  std::uint64_t seed = std::random_device()();
  int rounds = 5;
  std::size_t calls = 1000;
};

struct Services {
  Kind kind;
  int create;
  int query;
  int cancel;
};
constexpr std::array kKinds{Services{Kind::Debit, 54, 55, 57}, Services{Kind::Qris, 47, 51, 77},
                            Services{Kind::Hold, 63, 64, 67},
                            Services{Kind::VirtualAccount, 27, 26, 31}};

// One transaction and the calls on it.
class Target {
 public:
  Target(const Services& services, int number, const testing::Merchant& merchant)
      : services_(services),
        names_{merchant.client_id(), merchant.merchant(1), merchant.merchant(2),
               merchant.service_id()} {
    subject_ = {.kind = services.kind,
                .creation_id = fmt::format("create-{}", number),
                .partner_reference_no = fmt::format("order-{}", number),
                .trx_id = fmt::format("trx-{}", number),
                .customer_no = fmt::format("{}", number)};
    cancel_id_ = fmt::format("cancel-{}", number);
  }

  std::string request(Action action, testing::Merchant& merchant) const {
    const bool account = services_.kind == Kind::VirtualAccount;
    Call call{.action = action, .target_id = account ? subject_.trx_id : subject_.creation_id};
    call.service = action == Action::Create  ? services_.create
                   : action == Action::Query ? services_.query
                                             : services_.cancel;
    call.external_id = action == Action::Create ? subject_.creation_id : cancel_id_;
    const std::string body = histories::body_of(call, {subject_, names_, {}, {}});
    return merchant.request(histories::service_code(call.service), call.external_id, body,
                            snap::system_now());
  }

  const std::string& cancel_id() const { return cancel_id_; }
  std::string success() const { return fmt::format("\"200{}00\"", services_.cancel); }

 private:
  const Services& services_;
  histories::PartnerNames names_;
  Subject subject_;
  std::string cancel_id_;
};

class Storm {
 public:
  explicit Storm(const Options& options)
      : options_(options),
        random_(options.seed),
        server_(testing::binary_under_test("build/release/batal")),
        merchant_(server_, "merchant", "11111") {}

  int run() {
    fmt::print("seed {}, {} rounds of four storms of {} calls\n", options_.seed, options_.rounds,
               options_.calls);
    std::fflush(stdout);
    server_.start();
    for (std::size_t i = 0; i < options_.calls; ++i) wires_.emplace_back(server_.port());
    for (int round = 0; round < options_.rounds; ++round) {
      merchant_.ensure_token(server_.port(), snap::system_now());
      std::array still{true, true, false, false};
      std::ranges::shuffle(still, random_);
      for (std::size_t i = 0; i < kKinds.size(); ++i) storm(kKinds[i], still[i]);
    }
    server_.stop();
    const std::size_t events = count_events();
    fmt::print("{} calls answered, {} in storms that met a server standing still; {} events\n",
               answered_, stood_still_, events);
    const std::size_t storms = targets_.size();
    fmt::print("{} storms passed, {} failed\n", storms - failed_.size(), failed_.size());
    return failed_.empty() ? 0 : 1;
  }

 private:
  void storm(const Services& services, bool still) {
    const Target target(services, static_cast<int>(targets_.size()), merchant_);
    targets_.push_back(target.cancel_id());
    ask(target.request(Action::Create, merchant_), "\"responseMessage\":\"Success\"");
    const std::string request = target.request(Action::Cancel, merchant_);
    if (still) server_.pause();
    for (testing::Wire& wire : wires_) {
      if (!wire.send(request)) throw std::runtime_error("a connection broke");
    }
    if (still) server_.go_on();
    stood_still_ += still ? wires_.size() : 0;
    judge(target);
    ask(target.request(Action::Query, merchant_), "\"05\"");
  }

  // A call beside the storm; its answer must hold this.
  void ask(const std::string& request, std::string_view wanted) {
    const http::Received answer = wires_.front().exchange(request);
    if (answer.status != 200 || !answer.body.contains(wanted)) {
      complain(fmt::format("{} where {} was awaited", answer.body, wanted));
    }
  }

  void judge(const Target& target) {
    std::map<std::string, std::size_t> bodies;
    for (const http::Received& answer : answers()) ++bodies[answer.body];
    if (bodies.size() == 1 && bodies.begin()->first.contains(target.success())) return;
    for (const auto& [body, count] : bodies) complain(fmt::format("{} times {}", count, body));
  }

  std::vector<http::Received> answers() {
    std::vector<http::Received> heard;
    std::vector<pollfd> waiting;
    for (const testing::Wire& wire : wires_) waiting.push_back({wire.descriptor(), POLLIN, 0});
    while (heard.size() < wires_.size()) {
      if (::poll(waiting.data(), waiting.size(), kPatienceMs) == 0) {
        throw std::runtime_error("no answer came");
      }
      for (std::size_t i = 0; i < waiting.size(); ++i) listen(waiting[i], wires_[i], heard);
    }
    answered_ += heard.size();
    return heard;
  }

  static void listen(pollfd& polled, testing::Wire& wire, std::vector<http::Received>& heard) {
    if (polled.revents == 0) return;
    http::Received answer;
    const auto got = wire.receive(answer);
    if (got == testing::Wire::Got::Broken) throw std::runtime_error("a connection broke");
    if (got == testing::Wire::Got::Nothing) return;
    heard.push_back(std::move(answer));
    polled.fd = -1;  // heard: not to be polled any more
  }

  // Of the cancels in the log; each must be there once.
  std::size_t count_events() {
    const std::string log = testing::output_of(
        {server_.binary().string(), "ledger", "show", "--data", server_.data_folder().string()});
    std::map<std::string, std::size_t> seen;
    snap::Document document;
    for (std::size_t begin = 0; begin < log.size();) {
      const std::size_t end = std::min(log.find('\n', begin), log.size());
      document.parse(std::string_view(log).substr(begin, end - begin));
      if (const auto* id = document.find("externalId")) ++seen[std::string(id->text)];
      begin = end + 1;
    }
    std::size_t events = 0;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const std::size_t count = seen[targets_[i]];
      events += count;
      if (count == 1) continue;
      fmt::print("storm {} of seed {}: {} events\n", i, options_.seed, count);
      failed_.insert(i);
    }
    return events;
  }

  // About the present storm.
  void complain(const std::string& what) {
    fmt::print("storm {} of seed {}: {}\n", targets_.size() - 1, options_.seed, what);
    failed_.insert(targets_.size() - 1);
  }

  const Options options_;
  std::mt19937_64 random_;
  testing::ServerProcess server_;
  testing::Merchant merchant_;
  std::vector<testing::Wire> wires_;
  std::vector<std::string> targets_;  // external ids of the cancels
  std::set<std::size_t> failed_;      // storms
  std::size_t answered_ = 0;
  std::size_t stood_still_ = 0;
};

// The server raises its own limit.
void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Options& options) {
  try {
    return Storm(options).run();
  } catch (const std::exception& error) {
    fmt::print("{}\n0 storms passed, 1 failed\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace batal::storm

int main(int argc, char** argv) {
  batal::storm::Options options;
  CLI::App app("Many identical cancels at once, over HTTP");
  app.add_option("--seed", options.seed);
  app.add_option("--rounds", options.rounds, "Of four storms each");
  app.add_option("--calls", options.calls, "In each storm, over as many connections");
  CLI11_PARSE(app, argc, argv);
  batal::storm::allow_many_descriptors();
  return batal::storm::run(options);
}
