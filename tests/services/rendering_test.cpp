#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "services/answers.h"
#include "services/declarations.h"
#include "services/registry.h"
#include "snap/document.h"

namespace batal::services {
namespace {

using namespace std::chrono_literals;
using payment::Kind;
using payment::Outcome;
using payment::State;
using payment::Transaction;

const std::filesystem::path kGolden = BATAL_GOLDEN_FOLDER;

// 14:00:00.123456 in Jakarta: fractions are cut.
const payment::Time kCreated =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 7h + 123456us;

Transaction transaction(Kind kind, State state) {
  Transaction made;
  made.reference_no = "A120260301070000abcdefghijID";
  made.partner = "demo";
  made.external_id = "charge-1";
  made.partner_reference_no = "order \"1\" \xC3\xA9";
  made.merchant_id = "G123456789";
  made.kind = kind;
  made.state = state;
  made.amount = {.hundredths = 150'050, .currency = "IDR"};
  made.created_at = kCreated;
  made.expires_at = kCreated + 15min;
  made.changed_at = kCreated + 5min;
  if (state == State::Paid || state == State::Refunded) made.paid_at = kCreated + 5min;
  if (state == State::Refunded) {
    made.refunded_at = kCreated + 6min;
    made.refund_no = "A120260301070600klmnopqrstID";
  }
  if (kind == Kind::VirtualAccount) {
    made.partner_reference_no.clear();
    made.trx_id = "trx-1";
    made.partner_service_id = "   12345";
    made.customer_no = "67890";
    made.virtual_account_no = "   1234567890";
    made.virtual_account_name = "Sari";
  }
  return made;
}

State live(Kind kind) {
  return kind == Kind::Hold ? State::Authorised : State::Pending;
}

// One answer and the name of its golden file.
struct Answered {
  std::string name;
  const Service* service;
  Outcome outcome;
  payment::Command command{};
};

// What the service's event is like, with this transaction after it.
Outcome accepted(const Service& service, Transaction after, std::string request = "{}") {
  payment::Event event;
  event.at = after.changed_at;
  event.action = service.action;
  event.call.service = service.number;
  event.call.external_id = "call-1";
  event.call.request = std::move(request);
  event.action_no = "A120260301070500uvwxyzabcdID";
  event.partner_action_no = "action-1";
  event.rendering = 1;
  event.transaction = std::make_shared<const Transaction>(std::move(after));
  Outcome outcome;
  outcome.result = Outcome::Result::Accepted;
  outcome.event = std::make_shared<const payment::Event>(std::move(event));
  return outcome;
}

State state_after(const Service& service) {
  if (service.action == payment::Action::Cancel) return State::Cancelled;
  if (service.action == payment::Action::Capture) return State::Paid;
  return live(service.kind);
}

std::string file_name(const Service& service, std::string_view what) {
  return std::string(service.code) + "_" + std::string(what) + ".json";
}

Answered event_answer(const Service& service) {
  const State after = state_after(service);
  return {file_name(service, payment::name_of(service.action)), &service,
          accepted(service, transaction(service.kind, after))};
}

Answered state_answer(const Service& service, State state) {
  Outcome outcome;
  outcome.result = Outcome::Result::Found;
  outcome.transaction = std::make_shared<const Transaction>(transaction(service.kind, state));
  outcome.state = state;
  return {file_name(service, payment::name_of(state)), &service, outcome};
}

Answered refusal_answer(const Service& service, bool found) {
  Answered answered{file_name(service, found ? "refused" : "refused_unnamed"), &service, {}};
  answered.outcome.refusal = payment::Refusal::AlreadyCancelled;
  if (found) {
    answered.outcome.transaction =
        std::make_shared<const Transaction>(transaction(service.kind, State::Cancelled));
  }
  answered.command.partner_action_no = "void-1";
  return answered;
}

// Optional identifiers that were not given, or that are too long for their column of the answer.
std::vector<Answered> sparse_answers() {
  std::vector<Answered> answers;
  for (const Service* service : {&kQrMpmCancel, &kAuthVoid, &kAuthCapture}) {
    Transaction bare = transaction(service->kind, state_after(*service));
    bare.partner_reference_no.clear();
    answers.push_back({file_name(*service, "bare"), service, accepted(*service, bare)});
  }
  Transaction fits = transaction(Kind::Qris, State::Cancelled);
  fits.external_id = std::string(32, 'x');
  answers.push_back({"77_fits.json", &kQrMpmCancel, accepted(kQrMpmCancel, fits)});
  Transaction too_long = fits;
  too_long.external_id += 'x';
  answers.push_back({"77_too_long.json", &kQrMpmCancel, accepted(kQrMpmCancel, too_long)});
  too_long = transaction(Kind::Hold, State::Cancelled);
  too_long.partner_reference_no = std::string(33, 'x');
  answers.push_back({"67_too_long.json", &kAuthVoid, accepted(kAuthVoid, too_long)});
  Transaction nameless = transaction(Kind::VirtualAccount, State::Pending);
  nameless.virtual_account_name.clear();
  answers.push_back({"27_bare.json", &kCreateVa, accepted(kCreateVa, nameless)});
  return answers;
}

std::vector<Answered> all_answers() {
  std::vector<Answered> answers = sparse_answers();
  for (const Service* service : all_services()) {
    if (service->render_event != nullptr) answers.push_back(event_answer(*service));
    if (service->render_state != nullptr) {
      for (const State state : {live(service->kind), State::Paid, State::Refunded}) {
        answers.push_back(state_answer(*service, state));
      }
    }
    if (service->render_refusal != nullptr) {
      for (const bool found : {true, false}) answers.push_back(refusal_answer(*service, found));
    }
  }
  answers.push_back({"77_echo.json", &kQrMpmCancel,
                     accepted(kQrMpmCancel, transaction(Kind::Qris, State::Cancelled),
                              R"({"reason":"x","additionalInfo":{"a":[1,"\u00e9\/"],"b":null}})")});
  return answers;
}

http::Answer answer_to(const Answered& answered) {
  Answers answers([] { return kCreated + 10min; });
  return answers.decided(*answered.service, answered.outcome, answered.command);
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// An answer changed means that replayed answers of old events change: raise payment::kRendering and
// keep the old way. For new answers BATAL_WRITE_GOLDEN=1 writes the files that are missing.
TEST(Rendering, IsAsItWas) {
  EXPECT_EQ(payment::kRendering, 1) << "the new rendering needs golden files of its own";
  const bool write = std::getenv("BATAL_WRITE_GOLDEN") != nullptr;
  for (const Answered& answered : all_answers()) {
    const std::filesystem::path file = kGolden / answered.name;
    const std::string body = answer_to(answered).body + "\n";
    if (write && !std::filesystem::exists(file)) std::ofstream(file, std::ios::binary) << body;
    ASSERT_TRUE(std::filesystem::exists(file)) << file << ": BATAL_WRITE_GOLDEN=1 writes it";
    EXPECT_EQ(content(file), body) << answered.name;
  }
}

TEST(Rendering, HasNoGoldenFileToSpare) {
  std::set<std::string> names;
  for (const Answered& answered : all_answers()) {
    EXPECT_TRUE(names.insert(answered.name).second) << answered.name;
  }
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    EXPECT_TRUE(names.contains(entry.path().filename())) << entry.path();
  }
}

TEST(Rendering, TellsStatusAndTime) {
  for (const Answered& answered : all_answers()) {
    const bool refused = answered.outcome.result == Outcome::Result::Refused;
    const http::Answer answer = answer_to(answered);
    EXPECT_EQ(answer.status, refused ? 403 : 200) << answered.name;
    EXPECT_EQ(answer.headers, "X-TIMESTAMP: 2026-03-01T14:10:00+07:00\r\n") << answered.name;
    EXPECT_FALSE(answer.close) << answered.name;
  }
}

// The dotted paths of a value and of all that it stands in.
std::set<std::string> paths_to(const std::vector<snap::JsonValue>& values, std::size_t index) {
  std::set<std::string> paths;
  std::vector<std::string> keys;
  for (std::size_t i = index; i != 0; i = values[i].parent) {
    if (!values[i].key.empty()) keys.insert(keys.begin(), std::string(values[i].key));
  }
  std::string path;
  for (const std::string& key : keys) {
    path += (path.empty() ? "" : ".") + key;
    paths.insert(path);
  }
  return paths;
}

bool is_declared(const Service& service, const std::set<std::string>& paths) {
  return paths.contains("responseCode") || paths.contains("responseMessage") ||
         std::ranges::any_of(service.answer, [&paths](const snap::Field& field) {
           return paths.contains(std::string(field.path));
         });
}

TEST(Rendering, HoldsWhatIsDeclaredAndNothingElse) {
  for (const Answered& answered : all_answers()) {
    if (answered.outcome.result == Outcome::Result::Refused) continue;
    snap::Document document;
    ASSERT_TRUE(document.parse(answer_to(answered).body)) << answered.name;
    const auto checked = snap::check_fields(answered.service->answer, document);
    EXPECT_TRUE(checked) << answered.name << ' ' << checked.error().detail;
    const auto& values = document.values();
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (values[i].children != 0) continue;
      EXPECT_TRUE(is_declared(*answered.service, paths_to(values, i)))
          << answered.name << ' ' << values[i].key;
    }
  }
}

TEST(Rendering, OfAReplayIsThatOfTheFirstAnswer) {
  for (Answered answered : all_answers()) {
    if (answered.outcome.result != Outcome::Result::Accepted) continue;
    const http::Answer first = answer_to(answered);
    answered.outcome.result = Outcome::Result::Replayed;
    EXPECT_EQ(answer_to(answered).body, first.body) << answered.name;
    EXPECT_EQ(answer_to(answered).status, first.status) << answered.name;
  }
}

}  // namespace
}  // namespace batal::services
