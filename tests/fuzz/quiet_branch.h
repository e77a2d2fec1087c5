// The services with nothing around them: no sockets, threads, disk or real time. A call is a
// function call through the real pipeline to a ledger that decides at once, the plain one of the
// domain's tests. All of it lives at kNow.
//
// The partner "demo" has two secrets, "first" and "second"; "lenient" is the same with the setting
// lenient_debit_cancel. demo's transactions, one of each kind and fate: reference number
// "R-hold-live", partner reference number "order", external id "X-hold-live", merchant M1, IDR
// 1500.00; the virtual account's trxId "T-live", its number "   12345" + "678".
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fuzz/require.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "partners/directory.h"
#include "partners/tokens.h"
#include "payment/model.h"
#include "services/pipeline.h"
#include "snap/minify.h"
#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::fuzz {

inline constexpr snap::Time kNow =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(7);
inline constexpr std::string_view kTimestamp = "2026-03-01T14:00:00+07:00";

// A loop whose tasks run when they are asked to.
class QuietLoop final : public http::Loop {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void after(std::chrono::milliseconds, std::function<void()>) override {
    require(false, "nothing waits where there is no fault");
  }
  void run() {
    for (const auto& task : std::exchange(tasks_, {})) task();
  }

 private:
  std::vector<std::function<void()>> tasks_;
};

// The peer: keeps the answer.
class Ear final : public http::Reply::Sink {
 public:
  void send(std::uint64_t, http::Answer&& answer) override { heard = std::move(answer); }
  void drop(std::uint64_t) override { require(false, "every call is answered"); }

  std::optional<http::Answer> heard;
};

class QuietLedger final : public ledger::Ledger {
 public:
  QuietLedger() { forget(); }

  std::size_t submit(std::span<ledger::Submission* const> submissions) override {
    for (ledger::Submission* submission : submissions) {
      last_ = submission->command;
      submission->verdict = ledger::Verdict::Decided;
      submission->outcome = model_.submit(submission->command, kNow).outcome;
      submission->outbox->deliver({&submission, 1});
    }
    return submissions.size();
  }
  bool healthy() const override { return true; }

  // Back to demo's transactions.
  void forget() {
    static const payment::Model kFilled = filled();
    last_.reset();
    if (model_.records().size() != kFilled.records().size()) model_ = kFilled;
  }

  // What came in last, if anything did.
  const std::optional<payment::Command>& last() const { return last_; }

 private:
  static payment::Command creation(payment::Kind kind, const std::string& name,
                                   std::string_view fate) {
    payment::Command command;
    command.action = payment::Action::Create;
    command.partner = "demo";
    command.kind = kind;
    command.call = {payment::creation_service(kind), "X-" + name, {}, "{}"};
    payment::Transaction& draft = command.draft;
    draft.kind = kind;
    draft.reference_no = "R-" + name;
    draft.partner_reference_no = "order";
    draft.merchant_id = "M1";
    draft.amount = {150'000, "IDR"};
    if (kind != payment::Kind::VirtualAccount) return command;
    draft.trx_id = fmt::format("T-{}", fate);
    draft.partner_service_id = "   12345";
    draft.customer_no = "678";
    draft.virtual_account_no = "   12345678";
    return command;
  }

  static void change(payment::Model& model, payment::Action action, const std::string& name) {
    payment::Command command;
    command.action = action;
    command.partner = "demo";
    command.call = {payment::kProviderService, fmt::format("{}", model.records().size()), {}, ""};
    command.target.reference_no = "R-" + name;
    require(model.submit(command, kNow).record.has_value(), "demo's transactions have their fates");
  }

  static payment::Model filled() {
    using payment::Action;
    struct Fate {
      std::string_view name;
      std::vector<Action> actions;
    };
    static const std::vector<Fate> kFates = {
        {"paid", {Action::Pay}},         {"refunded", {Action::Pay, Action::Refund}},
        {"cancelled", {Action::Cancel}}, {"failed", {Action::Fail}},
        {"expired", {Action::Expire}},   {"live", {}}};
    payment::Model model;
    for (const payment::Kind kind : payment::kKinds) {
      for (const Fate& fate : kFates) {
        const std::string name = fmt::format("{}-{}", payment::name_of(kind), fate.name);
        require(model.submit(creation(kind, name, fate.name), kNow).record.has_value(),
                "demo's transactions are made");
        for (Action action : fate.actions) {
          if (kind == payment::Kind::Hold && action == Action::Pay) action = Action::Capture;
          change(model, action, name);
        }
      }
    }
    return model;
  }

  payment::Model model_;
  std::optional<payment::Command> last_;
};

class QuietBranch {
 public:
  QuietBranch()
      : tokens_({key()}, std::chrono::seconds(900)),
        context_{.settings = {.explain_signatures = true},
                 .tokens = tokens_,
                 .clock = [] { return kNow; },
                 .ledger = ledger_},
        pipeline_(context_, loop_,
                  partners::Directory::of({partner("demo", false), partner("lenient", true)})) {}

  // One call, from its request to its answer.
  http::Answer call(const http::Request& request) {
    const auto ear = std::make_shared<Ear>();
    pipeline_.handle(request, http::Reply(ear, 1));
    pipeline_.flush();
    loop_.run();
    require(ear->heard.has_value(), "every call is answered");
    return *std::exchange(ear->heard, {});
  }

  QuietLedger& ledger() { return ledger_; }

  // One good token for each partner, always the same.
  const std::string& token(std::string_view partner) const {
    return partner == "lenient" ? lenient_token_ : demo_token_;
  }
  // For the token service: the same key pair is both partners'.
  std::string rsa_signature(std::string_view text) const { return key_pair().sign(text); }

 private:
  static partners::TokenKey key() {
    const testing::TempFolder folder;
    return partners::TokenKey::read(folder.write("key", std::string(64, 'a'))).value();
  }
  static const snap::RsaPrivateKey& key_pair() {
    static const snap::RsaPrivateKey kPair = snap::RsaPrivateKey::generate();
    return kPair;
  }
  static partners::Partner partner(std::string client_id, bool lenient) {
    return {.client_id = std::move(client_id),
            .partner_ids = {"BMRI"},
            .public_key = snap::RsaPublicKey::from_pem(key_pair().public_pem()).value(),
            .client_secrets = {"first", "second"},
            .merchant_ids = {"M1"},
            .va_partner_service_ids = {"   12345"},
            .lenient_debit_cancel = lenient};
  }

  const partners::Tokens tokens_;
  const std::string demo_token_ = tokens_.issue("demo", kNow);
  const std::string lenient_token_ = tokens_.issue("lenient", kNow);
  QuietLedger ledger_;
  QuietLoop loop_;
  const services::Pipeline::Context context_;
  services::Pipeline pipeline_;
};

}  // namespace batal::fuzz
