#include "app/ledger_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "app/audit_commands.h"
#include "app/config.h"
#include "app/export_command.h"
#include "app/ledger_command.h"

namespace batal::app {
namespace {

using Deed = int (*)(const LedgerArguments&);

const std::map<std::string, ExportFormat> kFormats{{"jsonl", ExportFormat::JsonLines},
                                                   {"csv", ExportFormat::Csv},
                                                   {"sqlite", ExportFormat::Sqlite}};

class BadArguments : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Each setting is found as the server finds it, but for its file of settings. Empty: not given.
std::filesystem::path given(const std::filesystem::path& flag, const std::string& variable) {
  if (!flag.empty()) return flag;
  const auto environment = process_environment();
  const auto found = environment.find(variable);
  if (found == environment.end()) return {};
  if (found->second.empty()) throw BadArguments(variable + ": must not be empty");
  return found->second;
}

std::filesystem::path data_of(const LedgerArguments& arguments) {
  const auto data = given(arguments.data, "BATAL_DATA");
  return data.empty() ? "data" : data;
}

std::filesystem::path folder_of(const LedgerArguments& arguments) {
  const auto folder = given(arguments.folder, "BATAL_LEDGER_FOLDER");
  return folder.empty() ? data_of(arguments) / "ledger" : folder;
}

std::filesystem::path audit_key_of(const LedgerArguments& arguments) {
  const auto file = given(arguments.audit_key, "BATAL_LEDGER_AUDIT_KEY_FILE");
  if (!file.empty()) return file;
  if (arguments.folder.empty()) return audit_key_beside(data_of(arguments));
  throw BadArguments("--folder needs --audit-key, or BATAL_LEDGER_AUDIT_KEY_FILE");
}

int run_show(const LedgerArguments& arguments) {
  return show_ledger(folder_of(arguments));
}

int run_checkpoint(const LedgerArguments& arguments) {
  return print_checkpoint(folder_of(arguments));
}

int run_export(const LedgerArguments& arguments) {
  const ExportFormat format = kFormats.at(arguments.format);
  if (format == ExportFormat::Sqlite && arguments.output.empty())
    throw BadArguments("--format sqlite needs --output");
  return export_ledger(
      {.folder = folder_of(arguments), .format = format, .output = arguments.output});
}

int run_verify(const LedgerArguments& arguments) {
  VerifyArguments verify{.folder = folder_of(arguments), .head = arguments.head};
  if (arguments.public_key.empty()) {
    verify.audit_key = audit_key_of(arguments);
  } else {
    verify.public_key = ledger::public_key_of(arguments.public_key);
    if (!verify.public_key) throw BadArguments("--public-key must be 64 hexadecimal digits");
  }
  return verify_ledger(verify);
}

BackupArguments backup_of(const LedgerArguments& arguments) {
  return {
      .file = arguments.file, .folder = folder_of(arguments), .audit_key = audit_key_of(arguments)};
}

int run_backup(const LedgerArguments& arguments) {
  return back_up_ledger(backup_of(arguments));
}
int run_restore(const LedgerArguments& arguments) {
  return restore_ledger(backup_of(arguments));
}

// All of them work on a ledger's folder.
CLI::App& add_command(CLI::App& ledger, LedgerArguments& arguments, const char* name,
                      const char* help, Deed deed) {
  CLI::App* command = ledger.add_subcommand(name, help);
  CLI::Option* data = command->add_option("--data", arguments.data,
                                          "The server's data folder; default BATAL_DATA, or data");
  command
      ->add_option("--folder", arguments.folder,
                   "The ledger's; default BATAL_LEDGER_FOLDER, or DATA/ledger")
      ->excludes(data);
  command->callback([&arguments, deed] { arguments.deed = deed; });
  return *command;
}

CLI::Option* add_audit_key(CLI::App& command, LedgerArguments& arguments) {
  return command.add_option("--audit-key", arguments.audit_key,
                            "File of the secret; default BATAL_LEDGER_AUDIT_KEY_FILE, or "
                            "DATA.audit.key");
}

}  // namespace

void add_ledger(CLI::App& app, LedgerArguments& arguments) {
  CLI::App& ledger = *app.add_subcommand("ledger", "The ledger")->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Deed deed) -> CLI::App& {
    return add_command(ledger, arguments, name, help, deed);
  };
  add("show", "Print the records as JSON lines", run_show);

  CLI::App& exporting = add("export", "Write the records for others to query", run_export);
  exporting.add_option("--format", arguments.format, "jsonl, csv or sqlite")
      ->required()
      ->check(CLI::IsMember({"jsonl", "csv", "sqlite"}));
  exporting.add_option("--output", arguments.output, "File to make; default standard output");

  CLI::App& verify =
      add("verify", "Check that nothing was changed, removed, inserted or reordered", run_verify);
  CLI::Option* key = add_audit_key(verify, arguments);
  verify
      .add_option("--public-key", arguments.public_key,
                  "64 hexadecimal digits: check all but the MACs, without the secret")
      ->excludes(key);
  verify.add_option("--head", arguments.head,
                    "A checkpoint that was kept elsewhere: the log must hold what it covers");

  add("checkpoint", "Print the newest checkpoint, to be kept elsewhere", run_checkpoint);

  CLI::App& backup = add("backup", "Copy the ledger into one file, also while serving", run_backup);
  backup.add_option("file", arguments.file, "File to make")->required();
  add_audit_key(backup, arguments);

  CLI::App& restore = add("restore", "Make the ledger anew from a backup", run_restore);
  restore.add_option("file", arguments.file, "The backup")->required();
  add_audit_key(restore, arguments);
}

int run_ledger(const LedgerArguments& arguments) {
  constexpr int kUsage = 2;
  try {
    return arguments.deed(arguments);
  } catch (const BadArguments& error) {
    fmt::print(stderr, "batal: {}\n", error.what());
    return kUsage;
  }
}

}  // namespace batal::app
