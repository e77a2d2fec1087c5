// The configuration: flags over environment (BATAL_...) over a TOML file over defaults.
//
// Every setting has one dotted name, in the file as a table and key, in the environment in capitals
// with underscores: http.listen, [http] listen, BATAL_HTTP_LISTEN. `batal serve --help` lists them.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "services/settings.h"

namespace batal::app {

struct Config {
  std::filesystem::path data = "data";  // ledger, keys, partners, unless they are told elsewhere
  bool sandbox = false;

  http::ListenerOptions listener{.address = "127.0.0.1", .port = 8080, .tls = {}, .limits = {}};
  http::ListenerOptions admin{.address = "127.0.0.1", .port = 8081, .tls = {}, .limits = {}};
  std::size_t loops = 0;  // 0: one per core

  std::filesystem::path ledger_folder;  // default: <data>/ledger
  std::size_t segment_bytes = 32 * 1024 * 1024;
  std::size_t queue_commands_max = 65'536;
  std::chrono::seconds identity_kept{7 * 24 * 3600};
  std::chrono::seconds transaction_kept{0};  // after its end; 0: for ever
  std::filesystem::path audit_key_file;      // default: <data>.audit.key, made if missing
  std::chrono::seconds checkpoint_every{60};

  std::filesystem::path partners_folder;          // default: <data>/partners
  std::vector<std::filesystem::path> token_keys;  // default: <data>/token.key, made if missing
  std::chrono::seconds token_life{900};
  std::filesystem::path admin_token_file;  // default: <data>/admin.token, made if missing

  services::Settings service;
  std::chrono::milliseconds drain{25'000};
};

// The default of ledger.audit_key_file: beside the data folder, under its name: /var/lib/batal has
// /var/lib/batal.audit.key.
std::filesystem::path audit_key_beside(const std::filesystem::path& data);

struct SettingInfo {
  std::string_view name;
  std::string_view meaning;
};
std::span<const SettingInfo> all_settings();

// What was given where; flags are dotted names as well.
struct Given {
  std::optional<std::filesystem::path> file;
  std::map<std::string, std::string> environment;  // BATAL_... variables
  std::map<std::string, std::string> flags;
};

// The whole configuration, or one line for each thing that is wrong, naming the file and line, the
// variable or the flag, and the setting.
std::expected<Config, std::vector<std::string>> load_config(const Given& given);

// Variables that set nothing and that no script of the project reads: most likely misspelt ones.
std::vector<std::string> unknown_variables(const std::map<std::string, std::string>& environment);

// The BATAL_... variables of this process.
std::map<std::string, std::string> process_environment();

}  // namespace batal::app
