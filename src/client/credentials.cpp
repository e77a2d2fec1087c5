#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "batal/client.h"

namespace batal {
namespace {

struct Value {
  std::string text;
  int line = 0;
};
using Values = std::map<std::string, Value, std::less<>>;

std::expected<std::string, std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  if (in) std::getline(in, text, '\0');
  if (in.is_open() && !in.bad()) return text;
  return std::unexpected(
      fmt::format("cannot read {}: {}", file.string(), std::generic_category().message(errno)));
}

std::string unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

std::expected<Values, std::string> read_values(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  Values values;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0) {
      return std::unexpected(fmt::format("{}:{}: not KEY=VALUE", file.string(), number));
    }
    const std::string key = line.substr(0, equals);
    const Value value{unquoted(std::string_view(line).substr(equals + 1)), number};
    const auto [earlier, is_new] = values.emplace(key, value);
    if (!is_new) {
      return std::unexpected(fmt::format("{}:{}: {}: given already in line {}", file.string(),
                                         number, key, earlier->second.line));
    }
  }
  return values;
}

// Replaces PRIVATE_KEY_FILE's value by what is in the file.
std::expected<void, std::string> read_private_key(const std::filesystem::path& file, Value& value) {
  auto pem = read_file(file.parent_path() / value.text);
  if (!pem) {
    return std::unexpected(
        fmt::format("{}:{}: PRIVATE_KEY_FILE: {}", file.string(), value.line, pem.error()));
  }
  value.text = std::move(*pem);
  return {};
}

}  // namespace

std::expected<Options, std::string> options_from_credentials(const std::filesystem::path& file) {
  auto values = read_values(file);
  if (!values) return std::unexpected(values.error());
  for (const char* key : {"CLIENT_ID", "CLIENT_SECRET", "PRIVATE_KEY_FILE"}) {
    const auto found = values->find(key);
    if (found == values->end()) {
      return std::unexpected(fmt::format("{}: {}: missing", file.string(), key));
    }
    if (found->second.text.empty()) {
      return std::unexpected(
          fmt::format("{}:{}: {}: is empty", file.string(), found->second.line, key));
    }
  }
  const auto key_read = read_private_key(file, values->find("PRIVATE_KEY_FILE")->second);
  if (!key_read) return std::unexpected(key_read.error());

  Options options;
  const std::array<std::pair<const char*, std::string*>, 6> targets = {{
      {"BASE_URL", &options.base_url},
      {"CLIENT_ID", &options.client_id},
      {"PARTNER_ID", &options.partner_id},
      {"CLIENT_SECRET", &options.client_secret},
      {"PRIVATE_KEY_FILE", &options.private_key_pem},
      {"CHANNEL_ID", &options.channel_id},
  }};
  for (const auto& [key, target] : targets) {
    const auto found = values->find(key);
    if (found != values->end()) *target = found->second.text;
  }
  return options;
}

}  // namespace batal
