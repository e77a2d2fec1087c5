#include "support/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <stdexcept>
#include <utility>

namespace batal::testing {
namespace {

constexpr int kReadyMs = 60'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

// The ends of a pipe that no other child inherits.
struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
  }
  std::array<int, 2> ends{};
};

// Starts a program whose standard output is the pipe's end. In the child only calls that are safe
// between fork and exec.
pid_t spawn(std::vector<std::string> command, int output, const char* log) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) fail("no process to be had");
  if (child > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(output, STDOUT_FILENO);
  if (log != nullptr) {
    ::dup2(::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), STDERR_FILENO);
  }
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

int reaped(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Adds what can be read; false at the end.
bool read_more(int descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string value_of(const std::string& text, const std::string& key) {
  std::smatch found;
  if (!std::regex_search(text, found, std::regex("(?:^|\n)" + key + "=([^\n]*)"))) {
    fail("no " + key + " in credentials.env");
  }
  return found[1];
}

}  // namespace

std::filesystem::path binary_under_test(const std::filesystem::path& fallback) {
  const char* named = std::getenv("BATAL");
  return std::filesystem::absolute(named != nullptr ? named : fallback);
}

std::string output_of(const std::vector<std::string>& command) {
  const Pipe pipe;
  const pid_t process = spawn(command, pipe.ends[1], nullptr);
  ::close(pipe.ends[1]);
  std::string text;
  while (read_more(pipe.ends[0], text)) {
  }
  ::close(pipe.ends[0]);
  if (const int status = reaped(process); status != 0) {
    fail(command[0] + " " + command[1] + " ended with status " + std::to_string(status));
  }
  return text;
}

ServerProcess::ServerProcess(std::filesystem::path binary) : binary_(std::move(binary)) {}

ServerProcess::~ServerProcess() {
  if (process_ != 0) kill();
}

void ServerProcess::start() {
  const Pipe pipe;
  const std::string log = (folder_ / "server.log").string();
  process_ = spawn({binary_.string(), "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin",
                    "127.0.0.1:0", "--data", data_folder().string()},
                   pipe.ends[1], log.c_str());
  ::close(pipe.ends[1]);
  wait_until_ready(pipe.ends[0]);
  ::close(pipe.ends[0]);
  admin_token_ = value_of(folder_.read("data/sandbox/credentials.env"), "ADMIN_TOKEN");
}

void ServerProcess::wait_until_ready(int output) {
  static const std::regex kReady(
      R"(batal is ready: http://[\d.]+:(\d+) admin http://[\d.]+:(\d+))");
  std::string text;
  std::smatch found;
  while (!std::regex_search(text, found, kReady)) {
    pollfd waiting{output, POLLIN, 0};
    if (::poll(&waiting, 1, kReadyMs) == 0 || !read_more(output, text)) {
      fail("the server did not get ready\n" + log_text());
    }
  }
  port_ = static_cast<std::uint16_t>(std::stoi(found[1]));
  admin_port_ = static_cast<std::uint16_t>(std::stoi(found[2]));
}

int ServerProcess::wait() {
  return reaped(std::exchange(process_, 0));
}

void ServerProcess::stop() {
  ::kill(process_, SIGTERM);
  if (const int status = wait(); status != 0) {
    fail("the server stopped with status " + std::to_string(status) + "\n" + log_text());
  }
}

void ServerProcess::kill() {
  ::kill(process_, SIGKILL);
  wait();
}

void ServerProcess::forget_ledger() {
  std::filesystem::remove_all(data_folder() / "ledger");
}

void ServerProcess::pause() {
  ::kill(process_, SIGSTOP);
}

void ServerProcess::go_on() {
  ::kill(process_, SIGCONT);
}

}  // namespace batal::testing
