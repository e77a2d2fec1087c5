// Whether a history is linearisable: whether all that was heard can be explained by doing the
// operations one after the other, each at an instant between its call and its answer, on the pure
// model. An operation of unknown outcome may have been done at any instant after its call, as long
// as it could, or never.
//
// The search is that of Wing and Gong with Lowe's memory: whatever (operations done, state) has
// been reached once is not entered again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "histories/history.h"

namespace batal::histories {

// So many operations a history may have: the set of those done is one word.
inline constexpr std::size_t kOperationsMax = 64;

struct Verdict {
  bool linearisable = false;
  bool gave_up = false;              // too many states: neither shown nor refuted
  std::vector<std::size_t> longest;  // the longest order that explains what it holds
  std::size_t states = 0;            // that were entered
};

// Throws std::invalid_argument where the history is too long.
Verdict check(const History& history);

// For people: all operations, and where the search got stuck.
std::string describe(const History& history, const Verdict& verdict);

}  // namespace batal::histories
