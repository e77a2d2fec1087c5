#include "partners/partner_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "partners/files.h"
#include "partners/identifier_rules.h"
#include "snap/document.h"

namespace batal::partners {
namespace {

constexpr std::array<std::string_view, 8> kSettings = {"client_id",
                                                       "partner_ids",
                                                       "public_key_file",
                                                       "merchant_ids",
                                                       "client_secret_files",
                                                       "accept_unescaped_signature",
                                                       "lenient_debit_cancel",
                                                       "va_partner_service_ids"};
constexpr std::size_t kSecretsMax = 2;

struct Text {
  std::string text;
  std::size_t line = 0;
};

std::size_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

class Reader {
 public:
  Reader(const std::filesystem::path& file, toml::table table)
      : file_(file), table_(std::move(table)) {}

  PartnerFile read();

 private:
  using Rule = std::string (*)(std::string_view);

  void wrong(std::size_t line, std::string_view setting, std::string_view what) {
    errors_.emplace(line, setting_error(file_, line, setting, what));
  }
  void refuse_unknown_settings();
  std::optional<Text> text(std::string_view setting);
  std::vector<Text> texts(std::string_view setting);
  bool flag(std::string_view setting, bool otherwise);
  std::vector<std::string> ids(std::string_view setting, Rule rule, bool exclusive);
  std::string client_id();
  std::optional<snap::RsaPublicKey> public_key();
  std::vector<std::string> client_secrets();
  std::optional<std::string> client_secret(const Text& name);
  std::filesystem::path beside(const std::string& name) const { return file_.parent_path() / name; }

  std::filesystem::path file_;
  toml::table table_;
  std::vector<Claim> claims_;
  std::multimap<std::size_t, std::string> errors_;  // by line
};

void Reader::refuse_unknown_settings() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(kSettings, key.str()) == kSettings.end()) {
      wrong(key.source().begin.line, key.str(), "no such setting");
    }
  }
}

std::optional<Text> Reader::text(std::string_view setting) {
  const toml::node* node = table_.get(setting);
  if (node == nullptr) {
    wrong(1, setting, "missing");
    return std::nullopt;
  }
  if (!node->is_string()) {
    wrong(line_of(*node), setting, "must be a string");
    return std::nullopt;
  }
  return Text{node->as_string()->get(), line_of(*node)};
}

std::vector<Text> Reader::texts(std::string_view setting) {
  const toml::node* node = table_.get(setting);
  if (node == nullptr) return {};
  if (!node->is_array()) {
    wrong(line_of(*node), setting, "must be a list of strings");
    return {};
  }
  std::vector<Text> found;
  for (const toml::node& element : *node->as_array()) {
    if (element.is_string()) {
      found.emplace_back(element.as_string()->get(), line_of(element));
    } else {
      wrong(line_of(element), setting, "must be a list of strings");
    }
  }
  return found;
}

bool Reader::flag(std::string_view setting, bool otherwise) {
  const toml::node* node = table_.get(setting);
  if (node == nullptr) return otherwise;
  if (!node->is_boolean()) wrong(line_of(*node), setting, "must be true or false");
  return node->value_or(otherwise);
}

std::vector<std::string> Reader::ids(std::string_view setting, Rule rule, bool exclusive) {
  std::vector<std::string> found;
  for (Text& id : texts(setting)) {
    const std::string error = rule(id.text);
    if (!error.empty()) {
      wrong(id.line, setting, error);
    } else if (exclusive) {
      claims_.emplace_back(std::string(setting), id.text, id.line);
    }
    found.push_back(std::move(id.text));
  }
  return found;
}

std::string Reader::client_id() {
  auto id = text("client_id");
  if (!id) return {};
  const std::string error = wrong_client_id(id->text);
  if (!error.empty()) {
    wrong(id->line, "client_id", error);
  } else {
    claims_.emplace_back("client_id", id->text, id->line);
  }
  return std::move(id->text);
}

std::optional<snap::RsaPublicKey> Reader::public_key() {
  constexpr std::string_view kSetting = "public_key_file";
  const auto name = text(kSetting);
  if (!name) return std::nullopt;
  const auto pem = read_file(beside(name->text));
  if (!pem) {
    wrong(name->line, kSetting, pem.error());
    return std::nullopt;
  }
  auto key = snap::RsaPublicKey::from_pem(*pem);
  if (key) return std::move(*key);
  wrong(name->line, kSetting, fmt::format("{}: {}", beside(name->text).string(), key.error()));
  return std::nullopt;
}

std::optional<std::string> Reader::client_secret(const Text& name) {
  constexpr std::string_view kSetting = "client_secret_files";
  auto secret = read_file(beside(name.text));
  if (!secret) {
    wrong(name.line, kSetting, secret.error());
    return std::nullopt;
  }
  if (secret->ends_with('\n')) secret->pop_back();
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto refuse = [&](std::string_view what) {
    wrong(name.line, kSetting, fmt::format("{} {}", beside(name.text).string(), what));
  };
  if (secret->empty()) {
    refuse("is empty");
  } else if (kSpace.contains(secret->front()) || kSpace.contains(secret->back())) {
    refuse("has white space before or after the secret");
  }
  return std::move(*secret);
}

std::vector<std::string> Reader::client_secrets() {
  constexpr std::string_view kSetting = "client_secret_files";
  const toml::node* node = table_.get(kSetting);
  if (node == nullptr) wrong(1, kSetting, "missing");
  const std::vector<Text> names = texts(kSetting);
  const toml::array* list = table_.get_as<toml::array>(kSetting);
  if (list != nullptr && (list->empty() || list->size() > kSecretsMax)) {
    wrong(line_of(*list), kSetting, "must name one or two files");
  }
  std::vector<std::string> secrets;
  for (const Text& name : names) {
    if (auto secret = client_secret(name)) secrets.push_back(std::move(*secret));
  }
  return secrets;
}

PartnerFile Reader::read() {
  refuse_unknown_settings();
  std::string id = client_id();
  auto partner_ids = ids("partner_ids", wrong_partner_id, false);
  auto key = public_key();
  auto secrets = client_secrets();
  auto merchants = ids("merchant_ids", wrong_merchant_id, false);
  auto services = ids("va_partner_service_ids", wrong_va_partner_service_id, true);
  const bool unescaped = flag("accept_unescaped_signature", true);
  const bool lenient = flag("lenient_debit_cancel", false);

  PartnerFile result;
  for (auto& [line, error] : errors_) result.errors.push_back(std::move(error));
  result.claims = std::move(claims_);
  if (result.errors.empty()) {
    result.partner =
        Partner{std::move(id),        std::move(partner_ids), std::move(*key), std::move(secrets),
                std::move(merchants), std::move(services),    unescaped,       lenient};
  }
  return result;
}

// A file's text may hold what would break a line or steer a terminal: shown as \xNN.
std::string printable(std::string_view text) {
  const bool is_utf8 = snap::is_utf8(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 ? is_utf8 : byte >= ' ' && byte != 0x7F;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

PartnerFile only_error(std::string error) {
  return {std::nullopt, {}, {std::move(error)}};
}

}  // namespace

PartnerFile read_partner_file(const std::filesystem::path& file) {
  const auto text = read_file(file);
  return text ? parse_partner_file(file, *text) : only_error(text.error());
}

PartnerFile parse_partner_file(const std::filesystem::path& file, std::string_view text) {
  try {
    return Reader(file, toml::parse(text)).read();
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return only_error(printable(fmt::format("{}:{}:{}: not TOML: {}", file.string(), at.line,
                                            at.column, error.description())));
  }
}

std::string setting_error(const std::filesystem::path& file, std::size_t line,
                          std::string_view setting, std::string_view what) {
  return printable(fmt::format("{}:{}: {}: {}", file.string(), line, setting, what));
}

}  // namespace batal::partners
