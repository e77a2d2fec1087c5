// Why a ledger cannot start, or cannot go on: a sentence for the operator, naming file and offset.
#pragma once

#include <stdexcept>

namespace batal::ledger {

class LedgerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace batal::ledger
