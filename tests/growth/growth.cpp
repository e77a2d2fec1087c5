// How the embedded ledger grows: memory with one and with ten million finished transactions, memory
// per live one, and how long a start takes.
//
//   growth [--finished N] [--live N]
//
// Fills a ledger in a temporary folder (about 700 bytes of disk for each finished transaction)
// without HTTP. A tenth of the finished ones comes first, then the rest; three tenths of all lie
// inside the seven days in which identities are kept. Fails where memory grows by more than the
// filters of the index and a fixed slack, where a live transaction takes more than 500 bytes, or
// where the start takes more than five seconds.
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "ledger/collector.h"
#include "ledger/embedded/embedded_ledger.h"
#include "ledger/test_key.h"
#include "support/temp_folder.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Command;
using payment::Kind;
using payment::Time;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kSlackBytes = 16 << 20;
constexpr std::uint64_t kLiveBytesMax = 500;
constexpr double kStartSecondsMax = 5;
constexpr Time kBegin{std::chrono::hours(500'000)};

std::uint64_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::uint64_t kib = 0;
    status >> kib;
    return kib * 1024;
  }
  return 0;
}

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

std::string reference_no(std::uint64_t number) {
  return fmt::format("A1{:024}ID", number);
}

payment::Call call_of(std::uint8_t service, std::uint64_t number) {
  payment::Call call{
      .service = service,
      .external_id = fmt::format("7f0e5a52-{:04x}-4b8e-9c3d-{:012x}", service, number),
      .fingerprint = {},
      .request = fmt::format(R"({{"originalReferenceNo":"{}","originalPartner)"
                             R"(ReferenceNo":"order-{}"}})",
                             reference_no(number), number)};
  call.fingerprint.fill(service);
  return call;
}

Command create(std::uint64_t number) {
  Command command;
  command.action = Action::Create;
  command.partner = "shop-1";
  command.kind = command.draft.kind = Kind::Debit;
  command.call = call_of(54, number);
  command.draft.reference_no = reference_no(number);
  command.draft.partner_reference_no = fmt::format("order-{}", number);
  command.draft.merchant_id = "G000000001";
  command.draft.amount = {150'000, "IDR"};
  return command;
}

Command cancel(std::uint64_t number) {
  Command command;
  command.action = Action::Cancel;
  command.partner = "shop-1";
  command.kind = Kind::Debit;
  command.call = call_of(57, number);
  command.target.reference_no = reference_no(number);
  return command;
}

class Growth {
 public:
  Growth(Path folder, std::uint64_t finished) : folder_(std::move(folder)), finished_(finished) {}

  double open() {
    const auto begin = SteadyClock::now();
    EmbeddedOptions options{.audit_key = test_key()};
    options.log.folder = folder_;
    options.clock = [this] { return clock_.load(); };
    ledger_ = std::make_unique<EmbeddedLedger>(std::move(options));
    ledger_->start();
    return seconds_since(begin);
  }
  void close() { ledger_.reset(); }

  // Creates transactions up to this number, and cancels them too unless they are to live.
  void fill(std::uint64_t to, bool cancelled) {
    constexpr std::uint64_t kTogether = 4000;
    while (next_ < to) {
      const std::uint64_t end = std::min(to, next_ + kTogether);
      move_clock();
      run(end, create);
      if (cancelled) run(end, cancel);
      next_ = end;
    }
  }

 private:
  // Seven tenths of the finished transactions are older than the rest by more than a week.
  void move_clock() {
    const bool is_old = next_ < finished_ / 10 * 7;
    clock_ = kBegin + (is_old ? std::chrono::days(0) : std::chrono::days(8)) +
             std::chrono::milliseconds(next_ / 100);
  }

  void run(std::uint64_t end, Command (*make)(std::uint64_t)) {
    std::vector<Command> commands;
    for (std::uint64_t number = next_; number < end; ++number) commands.push_back(make(number));
    Calls calls(std::move(commands));
    calls.run(*ledger_);
    for (std::size_t i = 0; i < calls.size(); ++i)
      if (calls[i].outcome.result != payment::Outcome::Result::Accepted)
        throw std::runtime_error("a command was not accepted");
  }

  const Path folder_;
  const std::uint64_t finished_;
  std::uint64_t next_ = 0;
  std::atomic<Time> clock_ = kBegin;
  std::unique_ptr<EmbeddedLedger> ledger_;
};

struct Size {
  std::uint64_t resident = 0;
  double start_seconds = 0;
  std::uint64_t keys = 0;
  std::uint64_t filters = 0;
};

// What a process of its own finds that does nothing but open the ledger: two numbers on stdout.
int look(const Path& folder) {
  spdlog::set_level(spdlog::level::off);
  Growth growth(folder, 0);
  const double seconds = growth.open();
  fmt::print("{} {}\n", resident_bytes(), seconds);
  return EXIT_SUCCESS;
}

// Of a ledger that is closed, and then open again. A process that has filled it would count what
// its heap has kept of that.
Size size_of(Growth& growth, const Path& folder) {
  growth.close();
  Size size;
  const std::string command = fmt::format(
      "{} --look {}", std::filesystem::read_symlink("/proc/self/exe").string(), folder.string());
  std::fflush(stdout);
  const std::unique_ptr<FILE, decltype(&::pclose)> looking(::popen(command.c_str(), "r"), ::pclose);
  if (!looking || std::fscanf(looking.get(), "%lu %lf", &size.resident, &size.start_seconds) != 2)
    throw std::runtime_error("cannot look at the ledger");
  {
    const auto format = read_format(posix_door(), folder);
    const Index index(folder / kIndexName, format.value().id);
    for (const RunPtr& run : index.sealed()->runs) {
      size.keys += run->keys;
      size.filters += run->filter.bytes().size();
    }
  }
  growth.open();
  fmt::print("  {} MiB resident, {} indexed keys, {} MiB of filters, start {:.2f} s\n",
             size.resident >> 20, size.keys, size.filters >> 20, size.start_seconds);
  std::fflush(stdout);
  return size;
}

class Checks {
 public:
  void check(bool holds, const std::string& what) {
    fmt::print("{} {}\n", holds ? "ok" : "FAILED", what);
    holds ? ++passed_ : ++failed_;
  }
  int end() const {
    fmt::print("{} passed, {} failed\n", passed_, failed_);
    return failed_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

int run(std::uint64_t finished, std::uint64_t live, const Path& folder) {
  Checks checks;
  Growth growth(folder, finished);
  growth.open();
  const auto begin = SteadyClock::now();
  growth.fill(finished / 10, true);
  fmt::print("{} finished\n", finished / 10);
  const Size few = size_of(growth, folder);
  growth.fill(finished, true);
  fmt::print("{} finished, after {:.0f} s\n", finished, seconds_since(begin));
  const Size many = size_of(growth, folder);
  checks.check(many.resident <= few.resident + (many.filters - few.filters) + kSlackBytes,
               fmt::format("memory is flat but for the filters: {} bytes more",
                           static_cast<std::int64_t>(many.resident - few.resident)));
  checks.check(many.filters <= 2 * many.keys + Filter::kBlockBytes * 64,
               fmt::format("{:.2f} bytes of filter per key",
                           static_cast<double>(many.filters) / static_cast<double>(many.keys)));

  growth.fill(finished + live, false);
  fmt::print("and {} live\n", live);
  const Size full = size_of(growth, folder);
  const std::uint64_t filters = full.filters - many.filters;
  const std::uint64_t bytes =
      (full.resident - many.resident - filters) / std::max<std::uint64_t>(live, 1);
  checks.check(bytes <= kLiveBytesMax, fmt::format("{} bytes per live transaction", bytes));
  const double start = std::max(many.start_seconds, full.start_seconds);
  checks.check(start <= kStartSecondsMax, fmt::format("start in {:.2f} s at most", start));
  return checks.end();
}

}  // namespace
}  // namespace batal::ledger

int main(int argc, char** argv) {
  CLI::App app{"Growth of the embedded ledger"};
  std::uint64_t finished = 10'000'000;
  std::uint64_t live = 1'000'000;
  app.add_option("--finished", finished, "transactions created and cancelled");
  std::filesystem::path folder_to_look_at;
  app.add_option("--live", live, "transactions created and left alone");
  app.add_option("--look", folder_to_look_at, "open this ledger, and print bytes and seconds");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::warn);
  if (!folder_to_look_at.empty()) return batal::ledger::look(folder_to_look_at);
  const batal::testing::TempFolder folder;
  return batal::ledger::run(finished, live, folder / "ledger");
}
