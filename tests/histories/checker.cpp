#include "histories/checker.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "histories/state.h"

namespace batal::histories {
namespace {

using Set = std::uint64_t;  // of operations, by their places in the history

constexpr std::size_t kStatesMax = 1'000'000;

class Search {
 public:
  explicit Search(const History& history) : history_(history), order_(history.size()) {
    // Those that were answered first were most likely done first; those of unknown outcome come
    // last, for most histories are explained without them.
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::sort(order_, {}, [&](std::size_t index) {
      return std::tuple(!history[index].known, history[index].answered, index);
    });
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (history[i].known) all_known_ |= bit(i);
    }
  }

  Verdict run() {
    verdict_.linearisable = go_on(0, 0, State());
    verdict_.gave_up = !verdict_.linearisable && verdict_.states >= kStatesMax;
    return std::move(verdict_);
  }

 private:
  static Set bit(std::size_t index) { return Set{1} << index; }

  // Whether all that is not done yet can be done from here. `last_call`: the latest call of those
  // that are done.
  bool go_on(Set done, Tick last_call, const State& state) {
    if (path_.size() > verdict_.longest.size()) verdict_.longest = path_;
    if ((done & all_known_) == all_known_) return true;
    if (++verdict_.states >= kStatesMax) return false;
    const Tick first_answer = first_answer_after(done);
    for (const std::size_t index : order_) {
      if ((done & bit(index)) != 0 || !may_be_next(index, last_call, first_answer)) continue;
      State next = state;
      if (!next.take(history_[index], index)) continue;
      const bool changed = next.hash() != state.hash();
      if (!changed && !history_[index].known) continue;
      if (enter(index, done, last_call, next)) return true;
      // What changes nothing can be done at once: later it would be explained no better.
      if (!changed && !shuts_out(index, done)) return false;
    }
    return false;
  }

  bool enter(std::size_t index, Set done, Tick last_call, const State& next) {
    const Set then = done | bit(index);
    if (!entered_.insert({then, next.hash()}).second) return false;
    path_.push_back(index);
    const bool found = go_on(then, std::max(last_call, history_[index].called), next);
    path_.pop_back();
    return found;
  }

  // Of those known and not done.
  Tick first_answer_after(Set done) const {
    Tick first = kNever;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const bool waits = history_[i].known && (done & bit(i)) == 0;
      if (waits) first = std::min(first, history_[i].answered);
    }
    return first;
  }

  // One that is called after another's answer would leave that one no place any more: the first
  // condition says sooner what the second would say of that other later.
  bool may_be_next(std::size_t index, Tick last_call, Tick first_answer) const {
    const Operation& operation = history_[index];
    return operation.called < first_answer && last_call < operation.answered;
  }

  // Whether one of unknown outcome that is not done can not be done any more after this one.
  bool shuts_out(std::size_t index, Set done) const {
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const bool open = !history_[i].known && (done & bit(i)) == 0;
      if (open && history_[i].answered <= history_[index].called) return true;
    }
    return false;
  }

  struct Entered {
    Set done;
    std::uint64_t state;
    bool operator==(const Entered&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Entered& entered) const {
      return std::hash<std::uint64_t>{}(entered.done * 0x9e3779b97f4a7c15 ^ entered.state);
    }
  };

  const History& history_;
  std::vector<std::size_t> order_;
  Set all_known_ = 0;
  std::unordered_set<Entered, Hash> entered_;
  std::vector<std::size_t> path_;
  Verdict verdict_;
};

std::string line_of(const Operation& operation, std::size_t index) {
  const std::string end = operation.known ? fmt::format("{}", operation.answered_us.count()) : "?";
  return fmt::format("{:3} client {} [{} .. {} us] {} -> {}{}{}\n", index, operation.client,
                     operation.called_us.count(), end, operation.words,
                     operation.known ? operation.heard.said : "unknown",
                     operation.known && !operation.heard.body.empty() ? " " : "",
                     operation.known ? operation.heard.body : "");
}

}  // namespace

Verdict check(const History& history) {
  if (history.size() > kOperationsMax) throw std::invalid_argument("the history is too long");
  return Search(history).run();
}

std::string describe(const History& history, const Verdict& verdict) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) text += line_of(history[i], i);
  text += verdict.gave_up ? "gave up" : "stuck";
  text += fmt::format(" after {} states. The longest order that explains itself:", verdict.states);
  for (const std::size_t index : verdict.longest) text += fmt::format(" {}", index);
  text += "\nNot in it:";
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (std::ranges::find(verdict.longest, i) == verdict.longest.end() && history[i].known) {
      text += fmt::format(" {}", i);
    }
  }
  return text + "\n";
}

}  // namespace batal::histories
