#include "app/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace batal::app {
namespace {

using namespace std::chrono_literals;
using testing::TempFolder;
using Errors = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

Config loaded(const Given& given) {
  auto config = load_config(given);
  if (config) return *std::move(config);
  ADD_FAILURE() << ::testing::PrintToString(config.error());
  return {};
}

Errors errors_of(const Given& given) {
  const auto config = load_config(given);
  return config ? Errors{} : config.error();
}

Given from_environment(Variables variables) {
  return {.file = {}, .environment = std::move(variables), .flags = {}};
}

// A file with this text, and what loading it gives.
class FileTest : public ::testing::Test {
 protected:
  Given file(std::string_view text) {
    return {.file = folder_.write("batal.toml", text), .environment = {}, .flags = {}};
  }
  std::string name() const { return (folder_ / "batal.toml").string(); }

 private:
  TempFolder folder_;
};

TEST(Config, HasDefaults) {
  const Config config = loaded({});
  EXPECT_EQ(config.data, "data");
  EXPECT_FALSE(config.sandbox);
  EXPECT_EQ(config.listener.address, "127.0.0.1");
  EXPECT_EQ(config.listener.port, 8080);
  EXPECT_FALSE(config.listener.tls);
  EXPECT_EQ(config.admin.address, "127.0.0.1");
  EXPECT_EQ(config.admin.port, 8081);
  EXPECT_EQ(config.ledger_folder, "data/ledger");
  EXPECT_EQ(config.partners_folder, "data/partners");
  EXPECT_EQ(config.admin_token_file, "data/admin.token");
  EXPECT_EQ(config.token_keys, std::vector<std::filesystem::path>{"data/token.key"});
  EXPECT_EQ(config.identity_kept, 7 * 24h);
  EXPECT_EQ(config.transaction_kept, 0s) << "for ever";
  EXPECT_EQ(config.checkpoint_every, 60s);
  EXPECT_EQ(config.audit_key_file, std::filesystem::absolute("data.audit.key"));
  EXPECT_EQ(config.service.answer_deadline, 5s);
  EXPECT_FALSE(config.service.explain_signatures);
}

struct Setter {
  std::string setting;
  std::string text;                         // not the default
  std::function<bool(const Config&)> took;  // whether it stands where it is used
};

const std::vector<Setter> kSetters = {
    {"data", "elsewhere", [](const Config& c) { return c.data == "elsewhere"; }},
    {"sandbox", "true", [](const Config& c) { return c.sandbox && c.service.explain_signatures; }},
    {"http.listen", "0.0.0.0:1", [](const Config& c) { return c.listener.address == "0.0.0.0"; }},
    {"http.listen", "[::1]:2",
     [](const Config& c) { return c.listener.address == "::1" && c.listener.port == 2; }},
    {"http.loops", "3", [](const Config& c) { return c.loops == 3; }},
    {"http.head_bytes_max", "1024",
     [](const Config& c) { return c.listener.limits.head_bytes_max == 1024; }},
    {"http.body_bytes_max", "131072",
     [](const Config& c) { return c.listener.limits.body_bytes_max == 131072; }},
    {"http.connections_max", "9",
     [](const Config& c) { return c.listener.limits.connections_max == 9; }},
    {"http.idle_ms", "7", [](const Config& c) { return c.listener.limits.idle == 7ms; }},
    {"http.read_ms", "8", [](const Config& c) { return c.listener.limits.read == 8ms; }},
    {"http.write_ms", "9", [](const Config& c) { return c.listener.limits.write == 9ms; }},
    {"admin.listen", "localhost:0",
     [](const Config& c) { return c.admin.address == "localhost" && c.admin.port == 0; }},
    {"admin.token_file", "a", [](const Config& c) { return c.admin_token_file == "a"; }},
    {"ledger.folder", "b", [](const Config& c) { return c.ledger_folder == "b"; }},
    {"ledger.segment_bytes", "4194304", [](const Config& c) { return c.segment_bytes == 4194304; }},
    {"ledger.queue_commands_max", "5", [](const Config& c) { return c.queue_commands_max == 5; }},
    {"ledger.identity_kept_s", "86400", [](const Config& c) { return c.identity_kept == 24h; }},
    {"ledger.transaction_kept_s", "31536000",
     [](const Config& c) { return c.transaction_kept == 365 * 24h; }},
    {"ledger.audit_key_file", "/k", [](const Config& c) { return c.audit_key_file == "/k"; }},
    {"ledger.checkpoint_s", "5", [](const Config& c) { return c.checkpoint_every == 5s; }},
    {"partners.folder", "c", [](const Config& c) { return c.partners_folder == "c"; }},
    {"tokens.key_files", "new,old",
     [](const Config& c) {
       return c.token_keys == std::vector<std::filesystem::path>{"new", "old"};
     }},
    {"tokens.life_s", "60", [](const Config& c) { return c.token_life == 60s; }},
    {"service.answer_deadline_ms", "6",
     [](const Config& c) { return c.service.answer_deadline == 6ms; }},
    {"service.timestamp_window_s", "20",
     [](const Config& c) { return c.service.timestamp_window == 20s; }},
    {"service.drain_ms", "0", [](const Config& c) { return c.drain == 0ms; }},
};

std::string variable_of(std::string setting) {
  for (char& c : setting) c = c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return "BATAL_" + setting;
}

TEST(Config, TakesEachSettingFromEnvironmentAndFlags) {
  for (const Setter& setter : kSetters) {
    EXPECT_FALSE(setter.took(loaded({}))) << setter.setting;
    EXPECT_TRUE(setter.took(loaded(from_environment({{variable_of(setter.setting), setter.text}}))))
        << setter.setting;
    EXPECT_TRUE(setter.took(
        loaded({.file = {}, .environment = {}, .flags = {{setter.setting, setter.text}}})))
        << setter.setting;
  }
}

TEST_F(FileTest, TakesEachSetting) {
  for (const Setter& setter : kSetters) {
    const auto dot = setter.setting.find('.');
    const std::string table =
        dot == std::string::npos ? "" : "[" + setter.setting.substr(0, dot) + "]\n";
    const std::string key = setter.setting.substr(dot == std::string::npos ? 0 : dot + 1);
    const bool plain = setter.text == "true" || std::ranges::all_of(setter.text, ::isdigit);
    const std::string quote = plain ? "" : "\"";
    EXPECT_TRUE(setter.took(loaded(file(table + key + " = " + quote + setter.text + quote))))
        << setter.setting;
  }
}

TEST(Config, IsTestedInEverySetting) {
  for (const SettingInfo& info : all_settings()) {
    const bool tls = info.name.starts_with("http.tls_");  // two that come together: below
    EXPECT_TRUE(tls || std::ranges::find(kSetters, info.name, &Setter::setting) != kSetters.end())
        << info.name;
  }
}

TEST_F(FileTest, WinsOverDefaultsEnvironmentOverItFlagsOverBoth) {
  Given given = file("data = \"file\"\n");
  EXPECT_EQ(loaded(given).data, "file");
  given.environment = {{"BATAL_DATA", "environment"}};
  EXPECT_EQ(loaded(given).data, "environment");
  given.flags = {{"data", "flag"}};
  EXPECT_EQ(loaded(given).data, "flag");
}

TEST_F(FileTest, TakesAListOfKeyFilesAsAnArrayToo) {
  const auto both = std::vector<std::filesystem::path>{"new", "old"};
  EXPECT_EQ(loaded(file("[tokens]\nkey_files = [\"new\", \"old\"]\n")).token_keys, both);
  EXPECT_EQ(loaded(file("[tokens]\nkey_files = [\"new\"]\n")).token_keys.size(), 1U);
}

TEST(Config, NamesVariableSettingAndRangeOfABadValue) {
  const std::string tls = "http.tls_certificate_file and http.tls_key_file must be given together";
  const auto range = [](const char* from, const char* to, const char* text) {
    return std::string("must be a whole number from ") + from + " to " + to + ", not \"" + text +
           "\"";
  };
  const std::string files = "must be one or two files: the first signs, both verify";
  struct Bad {
    std::string setting, text, error;
  };
  const std::vector<Bad> cases = {
      {"data", "", "must not be empty"},
      {"sandbox", "yes", "must be true or false, not \"yes\""},
      {"sandbox", "", "must be true or false, not \"\""},
      {"http.listen", "8080", "must be ADDRESS:PORT, not \"8080\""},
      {"http.listen", ":8080", "must be ADDRESS:PORT, not \":8080\""},
      {"http.listen", "a:", range("0", "65535", "")},
      {"http.listen", "a:65536", range("0", "65535", "65536")},
      {"http.listen", "a:http", range("0", "65535", "http")},
      {"http.loops", "1025", range("0", "1024", "1025")},
      {"http.loops", "-1", range("0", "1024", "-1")},
      {"http.loops", " 1", range("0", "1024", " 1")},
      {"http.loops", "1.5", range("0", "1024", "1.5")},
      {"http.loops", "18446744073709551616", range("0", "1024", "18446744073709551616")},
      {"http.head_bytes_max", "1023", range("1024", "1073741824", "1023")},
      {"http.body_bytes_max", "131073", range("1024", "131072", "131073")},
      {"http.connections_max", "0", range("1", "10000000", "0")},
      {"http.idle_ms", "0", range("1", "3600000", "0")},
      {"http.read_ms", "soon", range("1", "3600000", "soon")},
      {"http.write_ms", "3600001", range("1", "3600000", "3600001")},
      {"admin.listen", "", "must be ADDRESS:PORT, not \"\""},
      {"admin.token_file", "", "must not be empty"},
      {"ledger.folder", "", "must not be empty"},
      {"ledger.segment_bytes", "4194303", range("4194304", "1073741824", "4194303")},
      {"ledger.queue_commands_max", "0", range("1", "10000000", "0")},
      {"ledger.identity_kept_s", "7d", range("1", "316224000", "7d")},
      {"ledger.transaction_kept_s", "for ever", range("0", "316224000", "for ever")},
      {"ledger.transaction_kept_s", "316224001", range("0", "316224000", "316224001")},
      {"ledger.audit_key_file", "", "must not be empty"},
      {"ledger.checkpoint_s", "0", range("1", "86400", "0")},
      {"ledger.checkpoint_s", "86401", range("1", "86400", "86401")},
      {"partners.folder", "", "must not be empty"},
      {"tokens.key_files", "", files},
      {"tokens.key_files", "a,", files},
      {"tokens.key_files", ",a", files},
      {"tokens.key_files", "a,b,c", files},
      {"tokens.life_s", "86401", range("1", "86400", "86401")},
      {"service.answer_deadline_ms", "0", range("1", "3600000", "0")},
      {"service.timestamp_window_s", "0", range("1", "86400", "0")},
      {"service.drain_ms", "3600001", range("0", "3600000", "3600001")},
  };
  for (const auto& [setting, text, error] : cases) {
    const std::string variable = variable_of(setting);
    EXPECT_EQ(errors_of(from_environment({{variable, text}})),
              Errors{variable + ": " + setting + ": " + error});
  }
  EXPECT_EQ(errors_of({.file = {}, .environment = {}, .flags = {{"http.listen", "x"}}}),
            Errors{"command line: http.listen: must be ADDRESS:PORT, not \"x\""});
}

TEST_F(FileTest, IsNamedWithTheLineOfWhatIsWrong) {
  const std::string none = ": there is no such setting";
  const std::string single = ": must be a single value";
  const std::vector<std::pair<std::string, Errors>> cases = {
      {"data = \"\"\n", {":1: data: must not be empty"}},
      {"\n\n[http]\nidle_ms = 0\n",
       {":4: http.idle_ms: must be a whole number from 1 to 3600000, not \"0\""}},
      {"[http]\nloops = 1.5\n",
       {":2: http.loops: must be a whole number from 0 to 1024, not \"1.5\""}},
      {"sandbox = 1\n", {":1: sandbox: must be true or false, not \"1\""}},
      {"dota = 1\n", {":1: dota" + none}},
      {"[http]\nlisten = \"a:1\"\nlisten_ = \"a:1\"\n", {":3: http.listen_" + none}},
      {"[htpp]\nlisten = \"a:1\"\n", {":2: htpp.listen" + none}},
      {"[http.more]\nlisten = \"a:1\"\n", {":2: http.more.listen" + none}},
      {"[[http]]\nlisten = \"a:1\"\n", {":1: http" + none}},
      {"[data]\n", {":1: data" + single}},
      {"data = [\"a\", \"b\"]\n", {":1: data" + single}},
      {"[http]\nloops = [1]\n", {":2: http.loops" + single}},
      {"[tokens]\nkey_files = [\"a\", \"\"]\n",
       {":2: tokens.key_files: must be one or two files: the first signs, both verify"}},
      {"data = \"\"\n[http]\nnone = 1\n", {":1: data: must not be empty", ":3: http.none" + none}},
  };
  for (const auto& [text, errors] : cases) {
    Errors expected;
    for (const std::string& error : errors) expected.push_back(name() + error);
    EXPECT_EQ(errors_of(file(text)), expected) << text;
  }
}

TEST_F(FileTest, IsNamedWithTheLineWhereItIsNoToml) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"data\n", ":1: "}, {"\n[http\n", ":2: "}, {"data = \"a\"\ndata = \"b\"\n", ":2: "}};
  for (const auto& [text, where] : cases) {
    const Errors errors = errors_of(file(text));
    ASSERT_EQ(errors.size(), 1U) << text;
    EXPECT_TRUE(errors.front().starts_with(name() + where)) << errors.front();
    EXPECT_GT(errors.front().size(), (name() + where).size());
  }
}

TEST(Config, NamesAFileThatCannotBeRead) {
  const TempFolder folder;
  const std::string gone = (folder / "gone.toml").string();
  EXPECT_EQ(errors_of({.file = gone, .environment = {}, .flags = {}}),
            Errors{"cannot read " + gone + ": No such file or directory"});
}

TEST(Config, TakesTlsFilesOnlyTogether) {
  const Errors together{"http.tls_certificate_file and http.tls_key_file must be given together"};
  const std::string certificate = "BATAL_HTTP_TLS_CERTIFICATE_FILE";
  const std::string key = "BATAL_HTTP_TLS_KEY_FILE";
  EXPECT_EQ(errors_of(from_environment({{certificate, "c"}})), together);
  EXPECT_EQ(errors_of(from_environment({{key, "k"}})), together);
  EXPECT_EQ(errors_of(from_environment({{certificate, "c"}, {key, ""}})), together);
  const Config config = loaded(from_environment({{certificate, "c"}, {key, "k"}}));
  ASSERT_TRUE(config.listener.tls);
  EXPECT_EQ(config.listener.tls->certificate_file, "c");
  EXPECT_EQ(config.listener.tls->key_file, "k");
  EXPECT_FALSE(config.admin.tls);
}

TEST(Config, KeepsIdentitiesLongEnough) {
  const auto given = [](const char* kept, const char* window, const char* life) {
    return from_environment({{"BATAL_LEDGER_IDENTITY_KEPT_S", kept},
                             {"BATAL_SERVICE_TIMESTAMP_WINDOW_S", window},
                             {"BATAL_TOKENS_LIFE_S", life}});
  };
  const auto too_short = [](const char* least) {
    return Errors{std::string("ledger.identity_kept_s must be at least ") + least +
                  ": 24 hours, and twice service.timestamp_window_s plus tokens.life_s"};
  };
  EXPECT_EQ(errors_of(given("86400", "300", "900")), Errors{});
  EXPECT_EQ(errors_of(given("86399", "300", "900")), too_short("86400"));
  EXPECT_EQ(errors_of(given("100900", "50000", "900")), Errors{});
  EXPECT_EQ(errors_of(given("100899", "50000", "900")), too_short("100900"));
}

TEST(Config, KeepsTransactionsAtLeastAsLongAsIdentities) {
  const auto given = [](const char* transaction, const char* identity) {
    return from_environment({{"BATAL_LEDGER_TRANSACTION_KEPT_S", transaction},
                             {"BATAL_LEDGER_IDENTITY_KEPT_S", identity}});
  };
  const Errors too_short{
      "ledger.transaction_kept_s must be 0, for ever, or at least ledger.identity_kept_s"};
  EXPECT_EQ(errors_of(given("0", "604800")), Errors{});
  EXPECT_EQ(errors_of(given("604800", "604800")), Errors{});
  EXPECT_EQ(errors_of(given("604799", "604800")), too_short);
  EXPECT_EQ(errors_of(given("1", "604800")), too_short);
}

// Whoever can write there could make what fits.
TEST(Config, KeepsTheAuditKeyOutOfTheDataFolder) {
  const auto key = [](const char* data, const char* file) {
    return from_environment({{"BATAL_DATA", data}, {"BATAL_LEDGER_AUDIT_KEY_FILE", file}});
  };
  const std::string inside = " lies inside the data folder, whose changes it is to show";
  for (const auto& [data, file] : std::vector<std::pair<const char*, const char*>>{
           {"/var/lib/batal", "/var/lib/batal/audit.key"},
           {"/var/lib/batal/", "/var/lib/batal/a/b"},
           {"/var/lib/batal", "/var/lib/other/../batal/a"},
           {"/var/lib/batal", "/var/lib/batal"},
           {"data", "data/audit.key"},
           {".", "audit.key"}})
    EXPECT_EQ(errors_of(key(data, file)),
              Errors{std::string("ledger.audit_key_file: ") + file + inside});
  for (const auto& [data, file] : std::vector<std::pair<const char*, const char*>>{
           {"/var/lib/batal", "/var/lib/batal.audit.key"},
           {"/var/lib/batal", "/etc/batal/audit.key"},
           {"data", "audit.key"},
           {"data", "../data.key"}})
    EXPECT_EQ(errors_of(key(data, file)), Errors{}) << file;
  const auto with_ledger = [](const char* ledger, const char* file) {
    return from_environment(
        {{"BATAL_LEDGER_FOLDER", ledger}, {"BATAL_LEDGER_AUDIT_KEY_FILE", file}});
  };
  EXPECT_EQ(errors_of(with_ledger("/srv/log", "/srv/log/audit.key")),
            Errors{"ledger.audit_key_file: /srv/log/audit.key lies inside the ledger's folder, "
                   "whose changes it is to show"});
  EXPECT_EQ(errors_of(with_ledger("/srv/log", "/srv/audit.key")), Errors{});
}

TEST(Config, PutsTheAuditKeyBesideTheDataFolder) {
  for (const auto& [data, file] : std::vector<std::pair<std::string, std::filesystem::path>>{
           {"/var/lib/batal", "/var/lib/batal.audit.key"},
           {"/var/lib/batal/", "/var/lib/batal.audit.key"},
           {"/var/lib/x/../batal/", "/var/lib/batal.audit.key"},
           {"data", std::filesystem::absolute("data.audit.key")}})
    EXPECT_EQ(loaded(from_environment({{"BATAL_DATA", data}})).audit_key_file, file) << data;
}

TEST(Environment, IsReadWhereItBeginsWithOurName) {
  ::setenv("BATAL_HTTP_LOOPS", "2=2", 1);
  ::setenv("BATALHTTP_LOOPS", "3", 1);
  const Variables found = process_environment();
  ::unsetenv("BATAL_HTTP_LOOPS");
  ::unsetenv("BATALHTTP_LOOPS");
  EXPECT_EQ(found.at("BATAL_HTTP_LOOPS"), "2=2");
  EXPECT_FALSE(found.contains("BATALHTTP_LOOPS"));
}

TEST(Environment, KnowsMisspeltVariables) {
  const Variables variables = {{"BATAL_ADMIN", ""},       {"BATAL_DATA", ""},
                               {"BATAL_HTTP_LISTEN", ""}, {"BATAL_HTTP_LISTN", ""},
                               {"BATAL_LISTEN", ""},      {"BATAL_TOKEN_LIFE_S", ""}};
  EXPECT_EQ(unknown_variables(variables), (Errors{"BATAL_HTTP_LISTN", "BATAL_TOKEN_LIFE_S"}));
}

}  // namespace
}  // namespace batal::app
