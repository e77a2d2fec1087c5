// The command line of `batal ledger`.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace batal::app {

struct LedgerArguments {
  std::filesystem::path data{};
  std::filesystem::path folder{};
  std::filesystem::path audit_key{};
  std::string public_key{};
  std::filesystem::path head{};
  std::filesystem::path file{};
  std::string format{};
  std::filesystem::path output{};

  std::function<int(const LedgerArguments&)> deed{};  // of the subcommand that was given
};

// The arguments must live as long as the app.
void add_ledger(CLI::App& app, LedgerArguments& arguments);

// Returns the exit status: 2 where the arguments do not fit each other.
int run_ledger(const LedgerArguments& arguments);

}  // namespace batal::app
