// `batal serve --sandbox` as a child process on a data folder of its own, for proofs in C++.
//
// It listens on ports of the system's choice and dies with the thread that started it. What it logs
// goes to server.log in the folder. Everything throws std::runtime_error where the server does not
// do what it should. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace batal::testing {

// The binary under test: the environment's BATAL, else `fallback`.
std::filesystem::path binary_under_test(const std::filesystem::path& fallback);

// Runs a program to its end and returns its standard output; another status than 0 throws.
std::string output_of(const std::vector<std::string>& command);

class ServerProcess {
 public:
  // Starts nothing yet. The partners must be made before start(), in partners_folder().
  explicit ServerProcess(std::filesystem::path binary);
  ~ServerProcess();  // kills

  void start();  // and waits until it is ready
  void stop();   // SIGTERM, and it must end by itself with status 0
  void kill();   // SIGKILL; returns when nothing of the process is left

  // While none runs: the next start finds no ledger. Partners and keys stay, for they are dear.
  void forget_ledger();

  // SIGSTOP and SIGCONT: what is sent in between is there all at once when it goes on.
  void pause();
  void go_on();

  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  const std::string& admin_token() const { return admin_token_; }
  const std::filesystem::path& binary() const { return binary_; }
  std::filesystem::path data_folder() const { return folder_ / "data"; }
  std::filesystem::path partners_folder() const { return folder_ / "data/partners"; }
  std::string log_text() const { return folder_.read("server.log"); }

 private:
  void wait_until_ready(int output);
  int wait();

  const std::filesystem::path binary_;
  TempFolder folder_;
  pid_t process_ = 0;  // 0: none
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
  std::string admin_token_;
};

}  // namespace batal::testing
