#include "app/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <toml++/toml.h>

#include "partners/files.h"

namespace batal::app {
namespace {

using Checked = std::expected<void, std::string>;

std::expected<std::uint64_t, std::string> number(std::string_view text, std::uint64_t min,
                                                 std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) {
    return std::unexpected(
        fmt::format("must be a whole number from {} to {}, not \"{}\"", min, max, text));
  }
  return value;
}

// Sets a number, or a duration in its own unit.
template <class Target>
Checked set_number(Target& target, std::string_view text, std::uint64_t min, std::uint64_t max) {
  const auto value = number(text, min, max);
  if (!value) return std::unexpected(value.error());
  if constexpr (std::is_integral_v<Target>) {
    target = static_cast<Target>(*value);
  } else {
    target = Target(static_cast<typename Target::rep>(*value));
  }
  return {};
}

Checked set_path(std::filesystem::path& target, std::string_view text) {
  if (text.empty()) return std::unexpected("must not be empty");
  target = text;
  return {};
}

Checked set_listen(http::ListenerOptions& target, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return std::unexpected(fmt::format("must be ADDRESS:PORT, not \"{}\"", text));
  }
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  target.address = address;
  return set_number(target.port, text.substr(colon + 1), 0, 65'535);
}

Checked set_flag(bool& target, std::string_view text) {
  if (text != "true" && text != "false") {
    return std::unexpected(fmt::format("must be true or false, not \"{}\"", text));
  }
  target = text == "true";
  return {};
}

Checked set_paths(std::vector<std::filesystem::path>& target, std::string_view text) {
  std::vector<std::string> parts;
  boost::split(parts, text, boost::is_any_of(","));
  target.assign(parts.begin(), parts.end());
  if (target.size() > 2 || std::ranges::any_of(parts, &std::string::empty)) {
    return std::unexpected("must be one or two files: the first signs, both verify");
  }
  return {};
}

Checked set_tls(Config& config, std::string http::TlsFiles::*file, std::string_view text) {
  if (!config.listener.tls) config.listener.tls.emplace();
  (*config.listener.tls).*file = text;
  return {};
}

bool is_inside(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const auto relative = std::filesystem::absolute(file).lexically_normal().lexically_relative(
      std::filesystem::absolute(folder / "").lexically_normal().parent_path());
  return !relative.empty() && *relative.begin() != "..";
}

constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30;
constexpr std::uint64_t kMsMax = 3'600'000;
constexpr std::uint64_t kSecondsMax = 10ULL * 366 * 24 * 3600;

struct Setting : SettingInfo {
  Checked (*set)(Config&, std::string_view);
  bool takes_list = false;  // in the file also as an array
};

constexpr auto kSettings = std::to_array<Setting>({
    {{"data", "folder of the ledger, keys and partners; default data"},
     [](Config& c, std::string_view v) { return set_path(c.data, v); }},
    {{"sandbox", "true: demo partner, fault rules, a clock that can be moved; default false"},
     [](Config& c, std::string_view v) { return set_flag(c.sandbox, v); }},
    {{"http.listen", "ADDRESS:PORT of the services; default 127.0.0.1:8080"},
     [](Config& c, std::string_view v) { return set_listen(c.listener, v); }},
    {{"http.loops", "event loops; default 0: one per core"},
     [](Config& c, std::string_view v) { return set_number(c.loops, v, 0, 1024); }},
    {{"http.tls_certificate_file", "PEM, the chain; together with http.tls_key_file: TLS"},
     [](Config& c, std::string_view v) {
       return set_tls(c, &http::TlsFiles::certificate_file, v);
     }},
    {{"http.tls_key_file", "PEM"},
     [](Config& c, std::string_view v) { return set_tls(c, &http::TlsFiles::key_file, v); }},
    {{"http.head_bytes_max", "request line and headers; default 16384"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.head_bytes_max, v, 1024, kBytesMax);
     }},
    {{"http.body_bytes_max", "default 65536"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.body_bytes_max, v, 1024, 128 * 1024);
     }},
    {{"http.connections_max", "open at once; default 20000"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.connections_max, v, 1, 10'000'000);
     }},
    {{"http.idle_ms", "a connection without a request; default 75000"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.idle, v, 1, kMsMax);
     }},
    {{"http.read_ms", "from a request's first byte to its last; default 10000"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.read, v, 1, kMsMax);
     }},
    {{"http.write_ms", "for an answer to be taken; default 10000"},
     [](Config& c, std::string_view v) {
       return set_number(c.listener.limits.write, v, 1, kMsMax);
     }},
    {{"admin.listen", "ADDRESS:PORT of health and the provider API; default 127.0.0.1:8081"},
     [](Config& c, std::string_view v) { return set_listen(c.admin, v); }},
    {{"admin.token_file", "the admin token; default <data>/admin.token, made if missing"},
     [](Config& c, std::string_view v) { return set_path(c.admin_token_file, v); }},
    {{"ledger.folder", "default <data>/ledger"},
     [](Config& c, std::string_view v) { return set_path(c.ledger_folder, v); }},
    {{"ledger.segment_bytes", "size of one file of the log; default 33554432"},
     [](Config& c, std::string_view v) {
       return set_number(c.segment_bytes, v, 4 * 1024 * 1024, kBytesMax);
     }},
    {{"ledger.queue_commands_max", "waiting to be decided, then 429xx00; default 65536"},
     [](Config& c, std::string_view v) {
       return set_number(c.queue_commands_max, v, 1, 10'000'000);
     }},
    {{"ledger.identity_kept_s", "how long a retry is recognised; default 604800, 7 days"},
     [](Config& c, std::string_view v) { return set_number(c.identity_kept, v, 1, kSecondsMax); }},
    {{"ledger.transaction_kept_s",
      "how long a transaction is kept after its end, then pruned; default 0: for ever"},
     [](Config& c, std::string_view v) {
       return set_number(c.transaction_kept, v, 0, kSecondsMax);
     }},
    {{"ledger.audit_key_file",
      "secret that seals the records, outside the data folder; default <data>.audit.key"},
     [](Config& c, std::string_view v) { return set_path(c.audit_key_file, v); }},
    {{"ledger.checkpoint_s", "between two signed checkpoints; default 60"},
     [](Config& c, std::string_view v) { return set_number(c.checkpoint_every, v, 1, 24 * 3600); }},
    {{"partners.folder", "one TOML file per partner; default <data>/partners"},
     [](Config& c, std::string_view v) { return set_path(c.partners_folder, v); }},
    {{"tokens.key_files", "one or two, separated by commas: the first signs, both verify"},
     [](Config& c, std::string_view v) { return set_paths(c.token_keys, v); },
     true},
    {{"tokens.life_s", "default 900"},
     [](Config& c, std::string_view v) { return set_number(c.token_life, v, 1, 24 * 3600); }},
    {{"service.answer_deadline_ms", "then 504xx00; default 5000"},
     [](Config& c, std::string_view v) {
       return set_number(c.service.answer_deadline, v, 1, kMsMax);
     }},
    {{"service.timestamp_window_s", "X-TIMESTAMP may differ from now by this much; default 300"},
     [](Config& c, std::string_view v) {
       return set_number(c.service.timestamp_window, v, 1, 24 * 3600);
     }},
    {{"service.drain_ms", "for answers under way after SIGTERM; default 25000"},
     [](Config& c, std::string_view v) { return set_number(c.drain, v, 0, kMsMax); }},
});

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kSettings) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

std::string variable_of(std::string_view name) {
  std::string variable = "BATAL_" + boost::to_upper_copy(std::string(name));
  std::ranges::replace(variable, '.', '_');
  return variable;
}

class Loader {
 public:
  void set(const Setting& setting, std::string_view value, std::string_view where) {
    if (const auto done = setting.set(config_, value); !done) {
      errors_.push_back(fmt::format("{}: {}: {}", where, setting.name, done.error()));
    }
  }

  void read(const std::filesystem::path& file) {
    const auto text = partners::read_file(file);
    if (!text) {
      errors_.push_back(text.error());
      return;
    }
    try {
      read(toml::parse(*text), "", file);
    } catch (const toml::parse_error& error) {
      errors_.push_back(
          fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()));
    }
  }

  void read(const toml::table& table, const std::string& prefix,
            const std::filesystem::path& file) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      const std::string where = fmt::format("{}:{}", file.string(), key.source().begin.line);
      if (node.is_table() && find_setting(name) == nullptr) {
        read(*node.as_table(), name + ".", file);
      } else {
        set(name, node, where);
      }
    }
  }

  void check() {
    const auto& tls = config_.listener.tls;
    if (tls && (tls->certificate_file.empty() || tls->key_file.empty())) {
      errors_.push_back("http.tls_certificate_file and http.tls_key_file must be given together");
    }
    const auto least = std::max<std::chrono::seconds>(
        std::chrono::hours(24), 2 * config_.service.timestamp_window + config_.token_life);
    if (config_.identity_kept < least) {
      errors_.push_back(
          fmt::format("ledger.identity_kept_s must be at least {}: 24 hours, and twice "
                      "service.timestamp_window_s plus tokens.life_s",
                      least.count()));
    }
    if (config_.transaction_kept.count() > 0 && config_.transaction_kept < config_.identity_kept) {
      errors_.push_back(
          "ledger.transaction_kept_s must be 0, for ever, or at least ledger.identity_kept_s");
    }
  }

  void complete() {
    const auto in_data = [this](std::filesystem::path& path, const char* name) {
      if (path.empty()) path = config_.data / name;
    };
    in_data(config_.ledger_folder, "ledger");
    in_data(config_.partners_folder, "partners");
    in_data(config_.admin_token_file, "admin.token");
    if (config_.audit_key_file.empty()) config_.audit_key_file = audit_key_beside(config_.data);
    check_audit_key();
    if (config_.token_keys.empty()) config_.token_keys.push_back(config_.data / "token.key");
    config_.service.explain_signatures = config_.sandbox;
  }

  std::expected<Config, std::vector<std::string>> result() && {
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return std::move(config_);
  }

 private:
  // Whoever can write where the ledger lies could make what fits.
  void check_audit_key() {
    const auto& file = config_.audit_key_file;
    const bool in_data = is_inside(file, config_.data);
    if (in_data || is_inside(file, config_.ledger_folder)) {
      errors_.push_back(fmt::format(
          "ledger.audit_key_file: {} lies inside the {} folder, whose changes it is to show",
          file.string(), in_data ? "data" : "ledger's"));
    }
  }

  void set(const std::string& name, const toml::node& node, const std::string& where) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
      errors_.push_back(fmt::format("{}: {}: there is no such setting", where, name));
    } else if (node.is_table() || (node.is_array() && !setting->takes_list)) {
      errors_.push_back(fmt::format("{}: {}: must be a single value", where, name));
    } else {
      set(*setting, text_of(node), where);
    }
  }

  static std::string text_of(const toml::node& node) {
    if (const auto text = node.value<std::string>()) return *text;
    if (const auto* array = node.as_array()) {
      std::vector<std::string> parts;
      for (const auto& element : *array) parts.push_back(text_of(element));
      return fmt::format("{}", fmt::join(parts, ","));
    }
    std::ostringstream as_written;
    node.visit([&as_written](const auto& value) { as_written << value; });
    return as_written.str();
  }

  Config config_;
  std::vector<std::string> errors_;
};

}  // namespace

std::filesystem::path audit_key_beside(const std::filesystem::path& data) {
  const auto absolute = std::filesystem::absolute(data / "").lexically_normal().parent_path();
  return absolute.string() + ".audit.key";
}

std::span<const SettingInfo> all_settings() {
  static const auto kInfos = [] {
    std::array<SettingInfo, kSettings.size()> infos;
    std::ranges::copy(kSettings, infos.begin());
    return infos;
  }();
  return kInfos;
}

std::expected<Config, std::vector<std::string>> load_config(const Given& given) {
  Loader loader;
  if (given.file) loader.read(*given.file);
  for (const Setting& setting : kSettings) {
    const std::string variable = variable_of(setting.name);
    if (const auto value = given.environment.find(variable); value != given.environment.end()) {
      loader.set(setting, value->second, variable);
    }
    const auto flag = given.flags.find(std::string(setting.name));
    if (flag != given.flags.end()) loader.set(setting, flag->second, "command line");
  }
  loader.check();
  loader.complete();
  return std::move(loader).result();
}

std::vector<std::string> unknown_variables(const std::map<std::string, std::string>& environment) {
  std::set<std::string> known = {"BATAL_LISTEN", "BATAL_ADMIN"};  // ./run makes flags of these
  for (const Setting& setting : kSettings) known.insert(variable_of(setting.name));
  std::vector<std::string> unknown;
  for (const auto& [variable, value] : environment) {
    if (!known.contains(variable)) unknown.push_back(variable);
  }
  return unknown;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with("BATAL_") || equals == std::string_view::npos) continue;
    found.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return found;
}

}  // namespace batal::app
