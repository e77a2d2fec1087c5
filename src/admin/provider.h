// The provider API: the provider's own systems tell what became of a transaction on the payer's
// side (docs/protocol.md, "Provider API").
//
//   POST /provider/v1/partners/{clientId}/transactions/{referenceNo}/pay | fail | refund | expire
//   Idempotency-Key: 1 to 64 of [A-Za-z0-9._~-], chosen by the caller, the same on every retry
//
//   200 {"referenceNo","kind","state","changedAt"}   done, or done before under the same key
//   400 no or a bad key, or a body that is not a JSON object
//   404 no such transaction          409 {"error","state"}: its state does not allow it
//   409 {"error"}: the key was used for another request    429, 500, 504 as for the services
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>

#include "http/server.h"
#include "ledger/ledger.h"
#include "snap/time.h"

namespace batal::admin {

// One per event loop; all but deliver() on its thread.
class Provider final : public ledger::Outbox {
 public:
  // The ledger must have delivered everything before the provider goes.
  Provider(ledger::Ledger& ledger, snap::Clock clock, std::chrono::milliseconds answer_deadline,
           http::Loop& loop);
  ~Provider() override;

  static bool owns(std::string_view path);

  void handle(const http::Request& request, http::Reply reply);

  void deliver(std::span<ledger::Submission* const> decided) noexcept override;

 private:
  struct Report : ledger::Submission {
    http::Reply reply;
  };

  void submit(std::unique_ptr<Report> report);
  void finish(Report& report);

  ledger::Ledger& ledger_;
  const snap::Clock clock_;
  const std::chrono::milliseconds answer_deadline_;
  http::Loop& loop_;
  std::unordered_map<ledger::Submission*, std::unique_ptr<Report>> in_flight_;
};

}  // namespace batal::admin
