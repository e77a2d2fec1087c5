#include "histories/stage.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "histories/performance.h"

namespace batal::histories {
namespace {

constexpr std::size_t kClientsMax = 6;

}  // namespace

Stage::Stage(const std::filesystem::path& binary) : server_(binary), clients_(kClientsMax) {
  static constexpr std::array kServiceIds{"11111", "22222"};
  for (std::size_t i = 0; i < kPartners; ++i) {
    const auto& made = partners_.emplace_back(server_, fmt::format("p{}", i), kServiceIds.at(i));
    names_.push_back({made.client_id(), made.merchant(1), made.merchant(2), made.service_id()});
  }
  server_.start();
}

void Stage::begin_afresh() {
  hang_up_all();
  server_.stop();
  server_.forget_ledger();
  restart();
}

History Stage::perform(const Plan& plan) {
  prepare(plan);
  return Performance(*this, plan).perform();
}

snap::Time Stage::now() const {
  return snap::system_now() + clock_ahead_;
}

void Stage::prepare(const Plan& plan) {
  for (testing::Merchant& partner : partners_) partner.ensure_token(server_.port(), now());
  for (const Fault& fault : plan.faults) {
    const Call& call = plan.calls[fault.call];
    const std::string rule =
        fmt::format(R"({{"externalId":"{}","service":"{}","fault":"{}","delayMs":{}}})",
                    call.external_id, service_code(call.service), fault.fault, fault.delay_ms);
    const auto answer = wire(0, true).exchange(
        testing::admin_request("POST", "/sandbox/faults", server_.admin_token(), rule));
    if (answer.status != 201) throw std::runtime_error("no fault was planted: " + answer.body);
  }
}

void Stage::restart() {
  hang_up_all();
  clock_ahead_ = {};
  server_.start();
}

void Stage::hang_up_all() {
  for (Client& client : clients_) client = {};
}

testing::Wire& Stage::wire(std::size_t client, bool admin) {
  auto& kept = admin ? clients_[client].admin : clients_[client].services;
  if (!kept) kept.emplace(admin ? server_.admin_port() : server_.port());
  return *kept;
}

void Stage::hang_up(std::size_t client, bool admin) {
  (admin ? clients_[client].admin : clients_[client].services).reset();
}

}  // namespace batal::histories
