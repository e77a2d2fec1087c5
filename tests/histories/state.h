// The pure model: payment::decide over the newest record under each key, and what the answers heard
// so far have told about numbers and times that no model can foresee. A value: copied at each step
// of the search.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "histories/history.h"
#include "payment/decide.h"

namespace batal::histories {

class State {
 public:
  // Does an operation, `index` being its place in the history. False: what was heard of it cannot
  // be an answer to it in this state, which is spoilt then. The operation must outlive the state.
  bool take(const Operation& operation, std::size_t index);

  // Equal for equal states, and in all likelihood only for those.
  std::uint64_t hash() const { return hash_; }

 private:
  using Name = std::tuple<payment::Key::By, int, std::string, std::string>;

  payment::Decision decide(const Operation& operation, std::size_t index) const;
  payment::Standing standing(const payment::Key& key) const;
  payment::View view(const payment::Command& command) const;
  void keep(const payment::Record& record);
  bool explains(const Operation& operation, const payment::Outcome& outcome);
  bool explains_success(const Operation& operation, const payment::Outcome& outcome);
  bool is_no_earlier(std::int64_t at_s);
  std::string version_of(const payment::Outcome& outcome) const;
  bool learn_reference(const std::string& symbol, std::string_view reference_no);
  bool learn(std::string&& what, std::string_view is);

  std::map<Name, payment::Record> newest_;
  std::map<std::string, std::string_view> learnt_;     // views into what operations heard
  std::map<std::string_view, std::string> symbol_of_;  // by a transaction's number, as above
  std::chrono::seconds moved_{0};                      // the clock
  std::int64_t latest_s_ = 0;                          // of the times told by accepted calls
  std::uint64_t hash_ = 0;
};

// What an operation would say, were this its outcome; as Observation::said.
std::string said_of(const Operation& operation, const payment::Outcome& outcome);

}  // namespace batal::histories
