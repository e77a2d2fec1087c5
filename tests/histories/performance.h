// One history in the making: who is busy with what, what was heard, and what is tried next.
#pragma once

#include <deque>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "histories/observe.h"
#include "histories/stage.h"

namespace batal::histories {

class Stage::Performance {
 public:
  Performance(Stage& stage, const Plan& plan);

  History perform();

 private:
  // A call in its final words, which its repetitions share.
  struct Settled {
    std::string body;
    std::string path;  // provider API
    payment::Command command;
    std::string words;
  };
  // A client's call that waits for its answer.
  struct Waiting {
    std::size_t call = 0;
    std::size_t operation = 0;
    bool admin = false;
  };
  struct Acting {
    std::deque<Step> steps;
    std::optional<Waiting> waiting;
  };

  void act(const std::vector<std::vector<Step>>& steps);
  bool all_idle() const;
  bool all_done() const;
  void send_next(std::size_t client);
  void wait_for_answers();
  void listen(std::size_t client);
  void hear(std::size_t client, const http::Received& answer);
  void lose(std::size_t client);
  void repeat(std::size_t client, std::size_t call);
  void kill_and_restart();
  void repeat_some_after_the_kill();
  void let_time_pass_by_itself();
  bool chance(std::size_t percent);

  const Settled& settled(std::size_t call);
  Settled settle(const Call& call);
  std::string reference_of(const Call& call);
  Operation operation_of(std::size_t client, std::size_t call);
  std::string request_of(const Step& step);
  std::string clock_request(const Call& call) const;
  std::chrono::microseconds since_beginning() const;
  History finished();

  Stage& stage_;
  const Plan& plan_;
  std::mt19937_64 random_;
  const snap::Time began_;
  const std::chrono::steady_clock::time_point began_steady_;
  std::vector<Acting> clients_;
  std::vector<std::optional<Settled>> settled_;          // by call
  std::vector<std::vector<std::string>> reference_nos_;  // heard of, by subject
  History history_;
  std::vector<bool> not_done_;  // by operation
  std::vector<std::size_t> answered_calls_;
  Tick tick_ = 0;
  std::size_t answers_ = 0;
  bool killed_ = false;
};

}  // namespace batal::histories
