// What is wrong with the index: a sentence for the log, naming the file.
#pragma once

#include <stdexcept>

namespace batal::ledger {

// The index is damaged, cannot be written or read, or is not of this ledger. The text names the
// file and what SQLite, or the check, says.
class IndexError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace batal::ledger
