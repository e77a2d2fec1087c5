#include "app/serve.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "admin/admin.h"
#include "app/descriptors.h"
#include "app/partner_book.h"
#include "http/server.h"
#include "ledger/embedded/embedded_ledger.h"
#include "partners/files.h"
#include "partners/tokens.h"
#include "sandbox/clock.h"
#include "sandbox/demo.h"
#include "sandbox/fault_book.h"
#include "sandbox/routes.h"
#include "services/pipeline.h"
#include "snap/identifier.h"
#include "snap/time.h"

namespace batal::app {
namespace {

// How long answers of an unknown outcome have to leave after the log has failed.
constexpr std::chrono::milliseconds kLastWords{500};
// How long reports of the provider's systems have, once the services have drained.
constexpr std::chrono::milliseconds kAdminDrain{1000};

// Unwraps what a room gave; a start that cannot go on ends in main().
template <class T>
T or_throw(std::expected<T, std::string> result) {
  if (!result) throw std::runtime_error(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

partners::Tokens load_tokens(const Config& config) {
  std::vector<partners::TokenKey> keys;
  for (const auto& file : config.token_keys) {
    keys.push_back(or_throw(partners::TokenKey::read_or_make(file)));
  }
  return {std::move(keys), config.token_life};
}

std::string load_admin_token(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    or_throw(partners::create_file(file, snap::random_alphanumeric(40) + "\n", 0600));
  }
  const std::string text = or_throw(partners::read_file(file));
  std::string token = text.substr(0, text.find('\n'));
  if (token.empty()) throw std::runtime_error(file.string() + ": the admin token is empty");
  return token;
}

// A ledger that exists was sealed with a key that must not be lost: only a new one gets a new key.
ledger::AuditKey load_audit_key(const Config& config) {
  const std::filesystem::path& file = config.audit_key_file;
  if (std::filesystem::exists(file)) return ledger::AuditKey::read(file);
  if (std::filesystem::exists(config.ledger_folder / "format")) {
    throw std::runtime_error(
        fmt::format("{} is missing: it is the audit key that {} was made with "
                    "(ledger.audit_key_file)",
                    file.string(), config.ledger_folder.string()));
  }
  return ledger::AuditKey::make(file);
}

std::string url(const http::ListenerOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", options.tls ? "https" : "http", v6 ? "[" : "",
                     options.address, v6 ? "]" : "", port);
}

sigset_t signals_of(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

// Signals are taken by one thread that waits for them, so that no handler runs anywhere.
sigset_t block_signals() {
  const sigset_t signals = signals_of({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

// While it lives, SIGTERM and SIGINT end the process at once, as if they were not blocked: they are
// not in its thread.
class Endable {
 public:
  explicit Endable(const sigset_t& stops)
      : thread_([this, stops] {
          pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
          over_.wait();
        }) {}
  ~Endable() { over_.count_down(); }
  Endable(const Endable&) = delete;
  Endable& operator=(const Endable&) = delete;

 private:
  std::latch over_{1};
  std::jthread thread_;
};

// The rooms of a running server. The ledger is stopped before anything is taken down: it delivers
// to the pipelines of the servers.
class House {
 public:
  explicit House(const Config& config);
  ~House() { ledger_.stop(); }
  void open();
  void close();
  void reload() { partners_.reload(); }

 private:
  ledger::EmbeddedOptions ledger_options();
  void report_recovery() const;
  void write_sandbox_files();
  void make_listeners();
  void die_of_a_failed_log();

  const Config& config_;
  sandbox::SandboxClock sandbox_clock_;
  sandbox::FaultBook faults_;
  const snap::Clock clock_;
  const std::string admin_token_;
  const partners::Tokens tokens_;
  PartnerBook partners_;
  ledger::EmbeddedLedger ledger_;
  std::atomic<bool> ready_ = false;
  const services::Pipeline::Context pipeline_context_;
  const admin::Admin::Context admin_context_;
  http::Server services_;
  http::Server admin_;  // of its own: it tells how the other is, and stays until that has drained
  std::size_t services_listener_ = 0;
  std::size_t admin_listener_ = 0;
};

std::filesystem::path prepared_partners_folder(const Config& config) {
  prepare_partners_folder(config);
  if (config.sandbox) or_throw(sandbox::ensure_demo_partner(config.partners_folder));
  return config.partners_folder;
}

House::House(const Config& config)
    : config_(config),
      clock_(config.sandbox ? snap::Clock([this] { return sandbox_clock_.now(); })
                            : snap::Clock(snap::system_now)),
      admin_token_(load_admin_token(config.admin_token_file)),
      tokens_(load_tokens(config)),
      partners_(prepared_partners_folder(config)),
      ledger_(ledger_options()),
      pipeline_context_{.settings = config.service,
                        .tokens = tokens_,
                        .clock = clock_,
                        .ledger = ledger_,
                        .faults = config.sandbox ? &faults_ : nullptr},
      admin_context_{.token = admin_token_,
                     .ready = [this] { return ready_ && ledger_.healthy(); },
                     .routes = config.sandbox ? sandbox::routes(faults_, sandbox_clock_)
                                              : std::vector<http::Route>{}},
      services_(config.loops),
      admin_(1) {
  report_recovery();
  make_listeners();
}

ledger::EmbeddedOptions House::ledger_options() {
  ledger::EmbeddedOptions options{.audit_key = load_audit_key(config_)};
  options.log.folder = config_.ledger_folder;
  options.log.mode = config_.sandbox ? ledger::Mode::Sandbox : ledger::Mode::Production;
  options.log.segment_bytes = config_.segment_bytes;
  options.queue_commands_max = config_.queue_commands_max;
  options.checkpoint_every = config_.checkpoint_every;
  options.rules.identity_kept = config_.identity_kept;
  if (config_.transaction_kept.count() > 0) {
    options.rules.transaction_kept = config_.transaction_kept;
  }
  options.rules.not_found_kept =
      2 * config_.service.timestamp_window + config_.service.answer_deadline;
  options.clock = clock_;
  options.on_failure = [this] { die_of_a_failed_log(); };
  return options;
}

void House::report_recovery() const {
  const ledger::RecoveryReport& report = ledger_.recovery();
  spdlog::info("ledger in {}: {} records in {} segments", config_.ledger_folder.string(),
               report.records, report.segments);
}

void House::make_listeners() {
  services_listener_ = services_.listen(
      config_.listener,
      [this](http::Loop& loop) { return partners_.make_pipeline(pipeline_context_, loop); },
      config_.loops);
  admin_listener_ = admin_.listen(
      config_.admin,
      [this](http::Loop& loop) {
        auto provider = std::make_unique<admin::Provider>(ledger_, clock_,
                                                          config_.service.answer_deadline, loop);
        return std::make_unique<admin::Admin>(admin_context_, std::move(provider));
      },
      1);
}

void House::open() {
  ledger_.start();
  if (config_.sandbox) write_sandbox_files();
  services_.start();
  admin_.start();
  ready_ = true;
  fmt::print("batal is ready: {} admin {}\n",
             url(config_.listener, services_.port(services_listener_)),
             url(config_.admin, admin_.port(admin_listener_)));
  std::fflush(stdout);
}

void House::write_sandbox_files() {
  or_throw(sandbox::write_credentials(
      config_.data / "sandbox", config_.partners_folder,
      {.base_url = url(config_.listener, services_.port(services_listener_)),
       .admin_url = url(config_.admin, admin_.port(admin_listener_)),
       .admin_token = admin_token_}));
}

void House::close() {
  ready_ = false;
  spdlog::info("draining");
  services_.drain(config_.drain);
  admin_.drain(kAdminDrain);
  ledger_.stop();
}

// On the ledger's thread, after everything that waited was delivered as unknown.
void House::die_of_a_failed_log() {
  ready_ = false;
  services_.stop_reading();
  admin_.stop_reading();
  const auto end = std::chrono::steady_clock::now() + kLastWords;
  for (http::Server* server : {&services_, &admin_}) {
    const auto left = end - std::chrono::steady_clock::now();
    server->drain(std::max({}, std::chrono::duration_cast<std::chrono::milliseconds>(left)));
  }
  spdlog::critical("the log failed: nobody knows what is on disk before the next start");
  spdlog::shutdown();
  _exit(EXIT_FAILURE);
}

}  // namespace

int serve(Config config) {
  const sigset_t signals = block_signals();
  if (config.loops == 0) config.loops = std::max(1U, std::thread::hardware_concurrency());
  fit_connections_to_descriptors(config);
  std::filesystem::create_directories(config.data);
  const sigset_t stops = signals_of({SIGTERM, SIGINT});
  // A start may read the whole log, and may be killed at any time.
  auto start = std::make_optional<Endable>(stops);
  House house(config);
  start.reset();
  house.open();
  while (wait_for_signal(signals) == SIGHUP) house.reload();
  // Whoever does not want to wait for the end of the drain asks again.
  pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
  house.close();
  return EXIT_SUCCESS;
}

}  // namespace batal::app
