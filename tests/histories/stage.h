// Where histories happen: a server with two partners, and clients with connections of their own.
//
// One thread drives all clients of a history: it sends for each that is free, waits for any
// answer, and notes the order of all sendings and hearings. What is in flight at the same time is
// at the server at the same time, and no clock decides what came before what.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "histories/history.h"
#include "histories/plan.h"
#include "histories/wording.h"
#include "support/merchant.h"
#include "support/server_process.h"
#include "support/wire.h"

namespace batal::histories {

class Stage {
 public:
  // Starts a server on a fresh folder. Not thread-safe; several stages may stand side by side.
  explicit Stage(const std::filesystem::path& binary);

  // With an empty ledger, and the clock where it belongs.
  void begin_afresh();

  // Throws std::runtime_error where the server does not do what no history may change: start, and
  // answer at all.
  History perform(const Plan& plan);

 private:
  class Performance;

  struct Client {
    std::optional<testing::Wire> services;
    std::optional<testing::Wire> admin;
  };

  snap::Time now() const;  // as the server takes it
  void prepare(const Plan& plan);
  void restart();  // after a kill
  testing::Wire& wire(std::size_t client, bool admin);
  void hang_up(std::size_t client, bool admin);
  void hang_up_all();

  testing::ServerProcess server_;
  std::vector<testing::Merchant> partners_;
  std::vector<PartnerNames> names_;
  std::vector<Client> clients_;
  std::chrono::seconds clock_ahead_{0};
};

}  // namespace batal::histories
