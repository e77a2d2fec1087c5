// Why a ledger cannot start, or cannot go on: a sentence for the operator, naming file and offset.
#pragma once

#include <stdexcept>

namespace batal::ledger {

class LedgerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A record that was told is not where it should be, or not whole.
class BrokenRecord : public LedgerError {
 public:
  using LedgerError::LedgerError;
};

}  // namespace batal::ledger
