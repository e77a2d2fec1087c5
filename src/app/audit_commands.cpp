#include "app/audit_commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "app/ledger_command.h"
#include "app/progress.h"
#include "ledger/archive/backup.h"
#include "ledger/archive/folder_check.h"
#include "ledger/archive/verify.h"

namespace batal::app {
namespace {

using ledger::posix_door;
using ledger::Verified;

ledger::OnProgress shown_by(Progress& progress) {
  return [&progress](std::uint64_t done, std::uint64_t total) { progress.show(done, total); };
}

void print_covering(const Verified& verified) {
  if (!verified.covering) {
    fmt::print("covered      nothing: there is no checkpoint\n");
    return;
  }
  fmt::print("covered      up to record {}, by the checkpoint of {}; {} after it\n",
             verified.covering->sequence, instant(verified.covering->at),
             verified.last_sequence - verified.covering->sequence);
}

void print(const Verified& verified) {
  fmt::print("records      {}, the last is {}\n", verified.records, verified.last_sequence);
  fmt::print("segments     {}, and {} pruned\n", verified.segments, verified.pruned);
  fmt::print("checkpoints  {} hold; {} end inside of pruned segments and could not be checked\n",
             verified.checkpoints, verified.checkpoints_unchecked);
  if (verified.links_into_pruned > 0)
    fmt::print(
        "links        {} into pruned segments: the MACs of their records could not be checked\n",
        verified.links_into_pruned);
  print_covering(verified);
}

void print_torn(const std::filesystem::path& folder, const Verified& verified) {
  if (!verified.torn) return;
  fmt::print(stderr,
             "batal: {} bytes of a torn tail, or of a batch just being written, at byte {} of {}\n",
             verified.torn->bytes, verified.torn->offset,
             (folder / ledger::segment_name(verified.torn->segment)).string());
}

ledger::VerifyOptions options_of(const VerifyArguments& arguments) {
  ledger::VerifyOptions options{.folder = arguments.folder};
  if (arguments.public_key) {
    options.public_key = *arguments.public_key;
  } else {
    options.audit_key = ledger::AuditKey::read(arguments.audit_key);
    options.public_key = options.audit_key->public_key();
  }
  if (!arguments.head.empty())
    options.head = ledger::read_head(posix_door(), arguments.head, options.public_key);
  return options;
}

ledger::BackupOptions options_of(const BackupArguments& arguments) {
  return {.folder = arguments.folder,
          .file = arguments.file,
          .audit_key = ledger::AuditKey::read(arguments.audit_key)};
}

// The progress has gone from the terminal when the figures come.
template <class Deed>
Verified with_progress(std::string_view name, Deed deed) {
  Progress progress(name);
  return deed(shown_by(progress));
}

}  // namespace

int verify_ledger(const VerifyArguments& arguments) {
  const auto options = options_of(arguments);
  const Verified verified = with_progress("verify", [&](const ledger::OnProgress& on_progress) {
    return ledger::verify(posix_door(), options, on_progress);
  });
  print(verified);
  if (!options.audit_key) fmt::print("macs         not checked: that needs the audit key\n");
  print_torn(arguments.folder, verified);
  return EXIT_SUCCESS;
}

int print_checkpoint(const std::filesystem::path& folder) {
  ledger::format_of(posix_door(), folder);
  fmt::print("{}\n", ledger::newest_checkpoint_line(posix_door(), folder));
  return EXIT_SUCCESS;
}

int back_up_ledger(const BackupArguments& arguments) {
  const auto options = options_of(arguments);
  print(with_progress("backup", [&](const ledger::OnProgress& on_progress) {
    return ledger::back_up(posix_door(), options, on_progress);
  }));
  return EXIT_SUCCESS;
}

int restore_ledger(const BackupArguments& arguments) {
  const auto options = options_of(arguments);
  print(with_progress("restore", [&](const ledger::OnProgress& on_progress) {
    return ledger::restore(posix_door(), options, on_progress);
  }));
  return EXIT_SUCCESS;
}

}  // namespace batal::app
