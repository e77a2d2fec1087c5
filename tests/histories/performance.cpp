#include "histories/performance.h"

#include <poll.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "histories/checker.h"

namespace batal::histories {
namespace {

// Longer than any answer may take, for the server's own deadline is 5 s.
constexpr int kPatienceMs = 60'000;
constexpr std::size_t kShownMax = 400;  // of a body
// What calls that are repeated after a kill may add to a history.
constexpr std::size_t kRepeatedMax = 10;

std::string spaced(const std::string& body) {
  return "{ " + body.substr(1, body.size() - 2) + "\n}";
}

}  // namespace

Stage::Performance::Performance(Stage& stage, const Plan& plan)
    : stage_(stage),
      plan_(plan),
      random_(plan.choices),
      began_(stage.now()),
      began_steady_(std::chrono::steady_clock::now()),
      settled_(plan.calls.size()),
      reference_nos_(plan.subjects.size()) {}

History Stage::Performance::perform() {
  act({plan_.prologue});
  act(plan_.clients);
  act({plan_.epilogue});
  if (plan_.sort == Sort::Clock && since_beginning() > kShortHistory) let_time_pass_by_itself();
  return finished();
}

// Lets every client do its steps, one after the other, all clients at the same time.
void Stage::Performance::act(const std::vector<std::vector<Step>>& steps) {
  clients_.assign(steps.size(), {});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    clients_[i].steps.assign(steps[i].begin(), steps[i].end());
  }
  while (!all_done()) {
    if (!plan_.in_step || all_idle()) {
      for (std::size_t i = 0; i < clients_.size(); ++i) send_next(i);
    }
    wait_for_answers();
    if (!killed_ && plan_.killed_after && answers_ >= *plan_.killed_after) kill_and_restart();
  }
}

bool Stage::Performance::all_idle() const {
  return std::ranges::none_of(clients_, [](const Acting& client) { return !!client.waiting; });
}

bool Stage::Performance::all_done() const {
  return all_idle() &&
         std::ranges::all_of(clients_, [](const Acting& client) { return client.steps.empty(); });
}

void Stage::Performance::send_next(std::size_t client) {
  Acting& acting = clients_[client];
  if (acting.waiting || acting.steps.empty()) return;
  const Step step = acting.steps.front();
  acting.steps.pop_front();
  const Call& call = plan_.calls[step.call];
  const bool admin = call.service == 0 || call.advance.count() != 0;
  const std::string request = request_of(step);
  if (request.empty()) return;
  testing::Wire& wire = stage_.wire(client, admin);
  history_.push_back(operation_of(client, step.call));
  not_done_.push_back(false);
  acting.waiting = Waiting{step.call, history_.size() - 1, admin};
  if (!wire.send(request)) lose(client);
}

void Stage::Performance::wait_for_answers() {
  std::vector<pollfd> polled;
  std::vector<std::size_t> whose;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].waiting) continue;
    polled.push_back({stage_.wire(i, clients_[i].waiting->admin).descriptor(), POLLIN, 0});
    whose.push_back(i);
  }
  if (polled.empty()) return;
  if (::poll(polled.data(), polled.size(), kPatienceMs) == 0) {
    throw std::runtime_error(fmt::format("history {}: no answer came", plan_.number));
  }
  for (std::size_t i = 0; i < polled.size(); ++i) {
    if (polled[i].revents != 0) listen(whose[i]);
  }
}

void Stage::Performance::listen(std::size_t client) {
  http::Received answer;
  switch (stage_.wire(client, clients_[client].waiting->admin).receive(answer)) {
    case testing::Wire::Got::Nothing:
      return;
    case testing::Wire::Got::Broken:
      return lose(client);
    case testing::Wire::Got::Answer:
      return hear(client, answer);
  }
}

void Stage::Performance::hear(std::size_t client, const http::Received& answer) {
  const Waiting waiting = *std::exchange(clients_[client].waiting, std::nullopt);
  const Call& call = plan_.calls[waiting.call];
  Operation& operation = history_[waiting.operation];
  ++answers_;
  const Tick tick = tick_++;
  if (call.advance.count() != 0) stage_.clock_ahead_ += call.advance;
  const Fate fate = fate_of(answer);
  not_done_[waiting.operation] = fate == Fate::NotDone;
  if (fate == Fate::Unknown) repeat(client, waiting.call);
  if (fate != Fate::Known) return;
  operation.known = true;
  operation.answered = tick;
  operation.answered_us = since_beginning();
  operation.heard = waiting.admin ? observe_provider(answer) : observe_service(answer);
  answered_calls_.push_back(waiting.call);
  const std::string& number = operation.heard.reference_no;
  auto& numbers = reference_nos_[call.subject];
  if (!number.empty() && std::ranges::find(numbers, number) == numbers.end()) {
    numbers.push_back(number);
  }
}

// The connection broke: what became of the call is not known.
void Stage::Performance::lose(std::size_t client) {
  const Waiting waiting = *std::exchange(clients_[client].waiting, std::nullopt);
  stage_.hang_up(client, waiting.admin);
  repeat(client, waiting.call);
}

// As a rule, a client that does not know what became of a call makes it again.
void Stage::Performance::repeat(std::size_t client, std::size_t call) {
  if (history_.size() > kOperationsMax - kRepeatedMax || !chance(75)) return;
  clients_[client].steps.push_front({call, false});
}

// Nothing of the process is left when kill() returns: what it has not done by then, it never will.
void Stage::Performance::kill_and_restart() {
  killed_ = true;
  stage_.server_.kill();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].waiting) continue;
    history_[clients_[i].waiting->operation].answered = tick_;
    lose(i);
  }
  ++tick_;
  stage_.restart();
  repeat_some_after_the_kill();
}

// What was answered before the kill must be answered the same way after it.
void Stage::Performance::repeat_some_after_the_kill() {
  const std::size_t left = kOperationsMax - kRepeatedMax;
  for (std::size_t i = 0; i < kRepeatedMax && !answered_calls_.empty(); ++i) {
    if (history_.size() > left) return;
    const std::size_t call = answered_calls_[random_() % answered_calls_.size()];
    clients_[random_() % clients_.size()].steps.push_front({call, false});
  }
}

// A machine so slow that short lives may have ended, or be too short to begin, without the clock
// having been moved: both may have come at any instant.
void Stage::Performance::let_time_pass_by_itself() {
  for (int i = 0; i < 2; ++i) {
    Operation operation{.words = "time passes by itself"};
    operation.advance = kShortLife / 2 + std::chrono::seconds(5);
    history_.push_back(std::move(operation));
    not_done_.push_back(false);
  }
}

bool Stage::Performance::chance(std::size_t percent) {
  return random_() % 100 < percent;
}

const Stage::Performance::Settled& Stage::Performance::settled(std::size_t call) {
  auto& kept = settled_[call];
  if (!kept) kept = settle(plan_.calls[call]);
  return *kept;
}

Stage::Performance::Settled Stage::Performance::settle(const Call& call) {
  const Circumstances now{
      .subject = plan_.subjects[call.subject],
      .partner = stage_.names_[call.partner],
      .reference_no = reference_of(call),
      .short_life_end = std::chrono::floor<std::chrono::seconds>(began_) + kShortLife,
      .bulky = plan_.bulky};
  Settled settled;
  if (call.service == 0) {
    settled.path = provider_path(call, now);
    settled.command = command_of(call, now, settled.path + "\n");
    settled.words = fmt::format("{} key {}", settled.path, call.external_id);
  } else {
    settled.body = body_of(call, now);
    settled.command = command_of(call, now, settled.body);
    settled.words = fmt::format("{} {} {} {}", now.partner.client_id, service_code(call.service),
                                call.external_id, settled.body.substr(0, kShownMax));
  }
  return settled;
}

// A number of the subject's that has been heard of; empty if there is none or none is wanted.
std::string Stage::Performance::reference_of(const Call& call) {
  const auto& numbers = reference_nos_[call.subject];
  if (!call.by_reference || numbers.empty()) return {};
  return numbers[random_() % numbers.size()];
}

Operation Stage::Performance::operation_of(std::size_t client, std::size_t number) {
  const Call& call = plan_.calls[number];
  Operation operation{.client = client, .service = call.service, .advance = call.advance};
  if (call.advance.count() != 0) {
    operation.words = fmt::format("the clock moves {} s", call.advance.count());
  } else {
    operation.command = settled(number).command;
    operation.words = settled(number).words;
  }
  operation.called = tick_++;
  operation.called_us = since_beginning();
  return operation;
}

// Empty: the call needs a reference number, and none has been heard of.
std::string Stage::Performance::request_of(const Step& step) {
  const Call& call = plan_.calls[step.call];
  const std::string& token = stage_.server_.admin_token();
  if (call.advance.count() != 0) return clock_request(call);
  if (call.service == 0) {
    if (!settled_[step.call] && reference_nos_[call.subject].empty()) return {};
    return testing::admin_request("POST", settled(step.call).path, token, {}, call.external_id);
  }
  const std::string& body = settled(step.call).body;
  return stage_.partners_[call.partner].request(service_code(call.service), call.external_id,
                                                step.spaced ? spaced(body) : body, stage_.now());
}

std::string Stage::Performance::clock_request(const Call& call) const {
  return testing::admin_request("POST", "/sandbox/clock", stage_.server_.admin_token(),
                                fmt::format(R"({{"advanceSeconds":{}}})", call.advance.count()));
}

std::chrono::microseconds Stage::Performance::since_beginning() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               began_steady_);
}

History Stage::Performance::finished() {
  History done;
  for (std::size_t i = 0; i < history_.size(); ++i) {
    if (!not_done_[i]) done.push_back(std::move(history_[i]));
  }
  return done;
}

}  // namespace batal::histories
