// The command line.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include "app/call_command.h"
#include "app/config.h"
#include "app/fields_command.h"
#include "app/ledger_options.h"
#include "app/serve.h"
#include "partners/new_partner.h"

namespace batal::app {
namespace {

constexpr int kUsage = 2;

std::string settings_help() {
  std::string help = "Settings (file: [http] listen = ..., environment: BATAL_HTTP_LISTEN):\n";
  for (const SettingInfo& setting : all_settings()) {
    fmt::format_to(std::back_inserter(help), "  {:28} {}\n", setting.name, setting.meaning);
  }
  return help;
}

// The flags that the contract names; every other setting comes by file or environment.
void add_serve(CLI::App& app, Given& given) {
  CLI::App* serve = app.add_subcommand("serve", "Serve the SNAP services until SIGTERM");
  serve->footer(settings_help());
  serve->add_option("--config", given.file, "TOML file with settings");
  const auto flag = [&](const char* name, const char* setting, const char* help) {
    serve->add_option_function<std::string>(
        name, [&given, setting](const std::string& value) { given.flags[setting] = value; }, help);
  };
  flag("--listen", "http.listen", "ADDRESS:PORT of the services");
  flag("--admin", "admin.listen", "ADDRESS:PORT of health and the provider API");
  flag("--data", "data", "Folder of the ledger, keys and partners");
  serve->add_flag_callback(
      "--sandbox", [&given] { given.flags["sandbox"] = "true"; },
      "Demo partner, fault rules, movable clock");
}

struct PartnerArguments {
  std::filesystem::path folder = "data/partners";
  partners::NewPartner partner;
  bool no_unescaped_signature = false;
};

void add_partner(CLI::App& app, PartnerArguments& arguments) {
  CLI::App* partner = app.add_subcommand("partner", "Partners")->require_subcommand(1);
  CLI::App* fresh = partner->add_subcommand("new", "Make a partner, keys and secret included");
  fresh->add_option("--folder", arguments.folder, "Folder of partner files; default data/partners");
  fresh->add_option("--client-id", arguments.partner.client_id, "Default: a random one");
  fresh->add_option("--partner-id", arguments.partner.partner_ids, "X-PARTNER-ID; may be repeated");
  fresh->add_option("--merchant-id", arguments.partner.merchant_ids, "May be repeated");
  fresh->add_option("--va-partner-service-id", arguments.partner.va_partner_service_ids,
                    "Up to 8 digits; may be repeated");
  fresh->add_flag("--lenient-debit-cancel", arguments.partner.lenient_debit_cancel,
                  "Take debit cancels without originalPartnerReferenceNo");
  fresh->add_flag("--no-unescaped-signature", arguments.no_unescaped_signature,
                  "Do not try the second signature form");
}

void add_call(CLI::App& app, CallArguments& arguments) {
  CLI::App* call = app.add_subcommand("call", "Call a service as a merchant would");
  call->add_option("service", arguments.service, "Name, code or path: debit-cancel, 57")
      ->required();
  call->add_option("--body", arguments.body_file, "JSON file, - for standard input (default)");
  call->add_option("--credentials", arguments.credentials,
                   "File of KEY=VALUE lines; default data/sandbox/credentials.env");
  call->add_option("--base-url", arguments.base_url, "Instead of the credentials'");
  // Given but empty, as by a script's unset variable, is not the same as not given.
  call->add_option_function<std::string>(
      "--external-id", [&arguments](const std::string& id) { arguments.external_id = id; },
      "Of an earlier call to go on with; default: a new one");
  call->add_option("--ca-file", arguments.ca_file, "PEM, instead of the system's trust store");
  call->add_option("--timeout-ms", arguments.timeout_ms, "Of one attempt; default 10000")
      ->check(CLI::Range(1, 3'600'000));
}

int run_serve(Given given) {
  given.environment = process_environment();
  for (const std::string& variable : unknown_variables(given.environment)) {
    spdlog::warn("environment: {}: there is no such setting", variable);
  }
  const auto config = load_config(given);
  if (config) return serve(*config);
  for (const std::string& error : config.error()) fmt::print(stderr, "batal: {}\n", error);
  return kUsage;
}

int run_partner(PartnerArguments arguments) {
  arguments.partner.accept_unescaped_signature = !arguments.no_unescaped_signature;
  const auto made = partners::make_partner(arguments.folder, arguments.partner);
  if (!made) throw std::runtime_error(made.error());
  fmt::print("CLIENT_ID={}\nCLIENT_SECRET={}\nPRIVATE_KEY_FILE={}\nPARTNER_FILE={}\n",
             made->client_id, made->client_secret,
             std::filesystem::absolute(made->private_key_file).string(),
             std::filesystem::absolute(made->partner_file).string());
  return EXIT_SUCCESS;
}

// What was printed is not lost without a word, as on a full disk.
void finish_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot write the output");
  }
}

std::string line_of(const CLI::App& app) {
  const CLI::App* const parent = app.get_parent();
  return parent == nullptr ? "" : line_of(*parent) + app.get_name() + " ";
}

// What CLI11 says where a command is missing or misspelt does not tell which there are.
std::string word_on_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const auto words = app.remaining();
  return fmt::format("{}; there are {}",
                     words.empty() ? "a command is missing"
                                   : fmt::format("there is no command \"{}\"", words.front()),
                     fmt::join(names, ", "));
}

std::string failure_message(const CLI::App* app, const CLI::Error& error) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  std::string line = line_of(*app);
  if (!line.empty()) line.back() = ':';
  const bool lacks_command = app->get_require_subcommand_min() > 0;
  return fmt::format("batal: {}{}{}\nRun with --help for more information.\n", line,
                     line.empty() ? "" : " ",
                     lacks_command ? word_on_commands(*app) : error.what());
}

int run(int argc, char** argv) {
  CLI::App app{"batal: the provider's side of SNAP cancellation", "batal"};
  app.set_version_flag("--version", BATAL_VERSION);
  app.require_subcommand(1);
  app.failure_message(failure_message);
  Given given;
  PartnerArguments partner;
  LedgerArguments ledger;
  CallArguments call;
  add_serve(app, given);
  add_partner(app, partner);
  add_ledger(app, ledger);
  add_call(app, call);
  app.add_subcommand("fields", "Print the field tables of all services (docs/fields.md)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  }
  if (app.got_subcommand("serve")) return run_serve(std::move(given));
  if (app.got_subcommand("partner")) return run_partner(std::move(partner));
  if (app.got_subcommand("ledger")) return run_ledger(ledger);
  if (app.got_subcommand("call")) return call_service(call);
  fmt::print("{}", fields_page());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace batal::app

int main(int argc, char** argv) {
  try {
    spdlog::set_default_logger(spdlog::stderr_color_mt("batal"));
    // Whoever reads the output may go away, as `head` does: that ends a command without a word.
    std::signal(SIGPIPE, SIG_DFL);
    const int status = batal::app::run(argc, argv);
    batal::app::finish_output();
    return status;
  } catch (const std::exception& error) {
    fmt::print(stderr, "batal: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
