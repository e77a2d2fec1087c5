#include "partners/directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "partners/new_partner.h"
#include "support/temp_folder.h"

namespace batal::partners {
namespace {

using testing::TempFolder;
using Errors = std::vector<std::string>;

constexpr std::string_view kWeakKey = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCs5tigngGaAKnrJO0jqiEPTwdT
epB9h8rhtS9V9GpeDloCTq8am6qhu/bRCThAPZhKENe9CvuMgOaAmvRZuC/W4165
Rx3G5FLg6m3wPWgMJDgJAjayqpI4RTgz8TxFCXhZWPFVwGII7BNiYHKjsuaAqFh7
8gXFUJ9MoJDfm9FrawIDAQAB
-----END PUBLIC KEY-----
)";

const snap::RsaPrivateKey& a_key() {
  static const auto key = snap::RsaPrivateKey::generate();
  return key;
}

// A folder with the keys and secrets that the partner files below name.
class PartnerFolder : public ::testing::Test {
 protected:
  PartnerFolder() {
    folder_.write("key.pem", a_key().public_pem());
    folder_.write("weak.pem", kWeakKey);
    folder_.write("garbage.pem", "no key at all");
    folder_.write("secret", "s3cr3t\n");
    folder_.write("secret2", "another");
    folder_.write("empty", "\n");
    folder_.write("spaced", "s3cr3t \n");
    folder_.write("two-lines", "s3cr3t\n\n");
  }

  Errors errors() const {
    const auto loaded = Directory::load(folder_.path());
    return loaded ? Errors{} : loaded.error();
  }
  // "demo.toml:1: ..." as it is told: with the folder before every name in braces.
  std::string placed(std::string text) const {
    for (auto at = text.find('{'); at != std::string::npos; at = text.find('{')) {
      const auto end = text.find('}', at);
      text.replace(at, end - at + 1, (folder_ / text.substr(at + 1, end - at - 1)).string());
    }
    return text;
  }
  Errors placed(Errors texts) const {
    for (std::string& text : texts) text = placed(std::move(text));
    return texts;
  }

  TempFolder folder_;
};

constexpr std::string_view kRest =
    "public_key_file = \"key.pem\"\n"
    "client_secret_files = [\"secret\"]\n";

TEST_F(PartnerFolder, ReadsAllThatAPartnerFileSays) {
  folder_.write("demo.toml", R"(client_id = "demo"
partner_ids = ["BMRI", "BNI"]
public_key_file = "key.pem"
client_secret_files = ["secret", "secret2"]
merchant_ids = ["G123456789"]
va_partner_service_ids = ["   88899", "12345678"]
accept_unescaped_signature = false
lenient_debit_cancel = true
)");
  const auto directory = Directory::load(folder_.path());
  ASSERT_TRUE(directory) << directory.error().front();
  ASSERT_EQ((*directory)->size(), 1U);
  const Partner* demo = (*directory)->find("demo");
  ASSERT_NE(demo, nullptr);
  EXPECT_EQ(demo->client_id, "demo");
  EXPECT_EQ(demo->client_secrets, (Errors{"s3cr3t", "another"}));
  EXPECT_TRUE(demo->has_partner_id("demo"));
  EXPECT_TRUE(demo->has_partner_id("BMRI"));
  EXPECT_TRUE(demo->has_partner_id("BNI"));
  EXPECT_FALSE(demo->has_partner_id("BCA"));
  EXPECT_TRUE(demo->has_merchant("G123456789"));
  EXPECT_FALSE(demo->has_merchant("G12345678"));
  EXPECT_TRUE(demo->has_va_partner_service_id("   88899"));
  EXPECT_TRUE(demo->has_va_partner_service_id("12345678"));
  EXPECT_FALSE(demo->has_va_partner_service_id("88899"));
  EXPECT_FALSE(demo->accept_unescaped_signature);
  EXPECT_TRUE(demo->lenient_debit_cancel);
  EXPECT_TRUE(demo->public_key.verify("demo|now", a_key().sign("demo|now")));
}

TEST_F(PartnerFolder, TakesTheDefaultsForWhatIsNotSaid) {
  folder_.write("demo.toml", "client_id = \"demo\"\n" + std::string(kRest));
  const auto directory = Directory::load(folder_.path());
  ASSERT_TRUE(directory) << directory.error().front();
  const Partner* demo = (*directory)->find("demo");
  ASSERT_NE(demo, nullptr);
  EXPECT_TRUE(demo->partner_ids.empty());
  EXPECT_TRUE(demo->merchant_ids.empty());
  EXPECT_TRUE(demo->va_partner_service_ids.empty());
  EXPECT_TRUE(demo->accept_unescaped_signature);
  EXPECT_FALSE(demo->lenient_debit_cancel);
}

struct BadFile {
  const char* what;
  std::string toml;
  Errors errors;
};

const std::string kWhole(kRest);
const std::string kHead = "client_id = \"demo\"\n" + kWhole;  // three lines
const std::string kIdAndKey = "client_id = \"demo\"\npublic_key_file = \"key.pem\"\n";
const std::string kIdAndSecret = "client_id = \"demo\"\nclient_secret_files = [\"secret\"]\n";
const std::string kAtSecret = "{demo.toml}:3: client_secret_files: ";
const std::string kAtKey = "{demo.toml}:3: public_key_file: ";
const std::string kAtVa = "{demo.toml}:4: va_partner_service_ids: ";
const std::string kNoName = " is not letters, digits, '.', '_' and '-', the first no '.'";
const std::string kNotPadded = " is not 8 characters, digits padded with spaces on the left";
const std::string kWeak = snap::RsaPublicKey::from_pem(kWeakKey).error();
const std::string kNoKey = snap::RsaPublicKey::from_pem("no key at all").error();

const std::vector<BadFile> kBadFiles = {
    {"an empty file",
     "",
     {"{demo.toml}:1: client_id: missing", "{demo.toml}:1: public_key_file: missing",
      "{demo.toml}:1: client_secret_files: missing"}},
    {"a syntax error",
     "client_id = \"demo\"\npublic_key_file = \n",
     {"{demo.toml}:2:19: not TOML: "}},
    {"a setting given twice",
     "client_id = \"a\"\nclient_id = \"b\"\n",
     {"{demo.toml}:2:13: not TOML: "}},
    {"unknown settings",
     kHead + "merchants = []\n\n[limits]\nrate = 1\n",
     {"{demo.toml}:4: merchants: no such setting", "{demo.toml}:6: limits: no such setting"}},
    {"a client id that is no string",
     "client_id = 7\n" + kWhole,
     {"{demo.toml}:1: client_id: must be a string"}},
    {"an empty client id", "client_id = \"\"\n" + kWhole, {"{demo.toml}:1: client_id: is empty"}},
    {"a client id of 37",
     "client_id = \"" + std::string(37, 'a') + "\"\n" + kWhole,
     {"{demo.toml}:1: client_id: \"" + std::string(37, 'a') + "\" has more than 36 characters"}},
    {"a client id with a space",
     "client_id = \"a b\"\n" + kWhole,
     {"{demo.toml}:1: client_id: \"a b\"" + kNoName}},
    {"a client id with a slash",
     "client_id = \"a/b\"\n" + kWhole,
     {"{demo.toml}:1: client_id: \"a/b\"" + kNoName}},
    {"a client id that begins with a full stop",
     "client_id = \"..\"\n" + kWhole,
     {"{demo.toml}:1: client_id: \"..\"" + kNoName}},
    {"a partner id with a space",
     kHead + "partner_ids = [\"a b\"]\n",
     {"{demo.toml}:4: partner_ids: \"a b\" has characters other than visible ASCII"}},
    {"partner ids that are no list",
     kHead + "partner_ids = \"BMRI\"\n",
     {"{demo.toml}:4: partner_ids: must be a list of strings"}},
    {"a partner id that is no string",
     kHead + "partner_ids = [\n  \"BMRI\",\n  8]\n",
     {"{demo.toml}:6: partner_ids: must be a list of strings"}},
    {"a partner id of 37",
     kHead + "partner_ids = [\"" + std::string(37, 'p') + "\"]\n",
     {"{demo.toml}:4: partner_ids: \"" + std::string(37, 'p') + "\" has more than 36 characters"}},
    {"an empty partner id",
     kHead + "partner_ids = [\"\"]\n",
     {"{demo.toml}:4: partner_ids: is empty"}},
    {"a merchant id of 65",
     kHead + "merchant_ids = [\"" + std::string(65, 'm') + "\"]\n",
     {"{demo.toml}:4: merchant_ids: \"" + std::string(65, 'm') + "\" has more than 64 characters"}},
    {"an unpadded VA partner service id",
     kHead + "va_partner_service_ids = [\"88899\"]\n",
     {kAtVa + "\"88899\"" + kNotPadded}},
    {"one padded on the right",
     kHead + "va_partner_service_ids = [\"88899   \"]\n",
     {kAtVa + "\"88899   \"" + kNotPadded}},
    {"one of nine",
     kHead + "va_partner_service_ids = [\" 12345678\"]\n",
     {kAtVa + "\" 12345678\"" + kNotPadded}},
    {"one of spaces",
     kHead + "va_partner_service_ids = [\"        \"]\n",
     {kAtVa + "\"        \"" + kNotPadded}},
    {"one with letters",
     kHead + "va_partner_service_ids = [\"   8889a\"]\n",
     {kAtVa + "\"   8889a\"" + kNotPadded}},
    {"a flag that is none",
     kHead + "lenient_debit_cancel = \"yes\"\n",
     {"{demo.toml}:4: lenient_debit_cancel: must be true or false"}},
    {"a key file that is not there",
     kIdAndSecret + "public_key_file = \"none.pem\"\n",
     {kAtKey + "cannot read {none.pem}: No such file or directory"}},
    {"a key file that is a folder",
     kIdAndSecret + "public_key_file = \"\"\n",
     {kAtKey + "cannot read {}: is not a regular file"}},
    {"a key file without a key",
     kIdAndSecret + "public_key_file = \"garbage.pem\"\n",
     {kAtKey + "{garbage.pem}: " + kNoKey}},
    {"a key that is too small",
     kIdAndSecret + "public_key_file = \"weak.pem\"\n",
     {kAtKey + "{weak.pem}: " + kWeak}},
    {"no list of secrets",
     kIdAndKey + "client_secret_files = \"secret\"\n",
     {kAtSecret + "must be a list of strings"}},
    {"no secret",
     kIdAndKey + "client_secret_files = []\n",
     {kAtSecret + "must name one or two files"}},
    {"three secrets",
     kIdAndKey + "client_secret_files = [\"secret\", \"secret2\", \"secret\"]\n",
     {kAtSecret + "must name one or two files"}},
    {"a secret file that is not there",
     kIdAndKey + "client_secret_files = [\"gone\"]\n",
     {kAtSecret + "cannot read {gone}: No such file or directory"}},
    {"an empty secret",
     kIdAndKey + "client_secret_files = [\"empty\"]\n",
     {kAtSecret + "{empty} is empty"}},
    {"a secret with a space behind it",
     kIdAndKey + "client_secret_files = [\"spaced\"]\n",
     {kAtSecret + "{spaced} has white space before or after the secret"}},
    {"a secret with two newlines",
     kIdAndKey + "client_secret_files = [\"two-lines\"]\n",
     {kAtSecret + "{two-lines} has white space before or after the secret"}},
    {"a setting whose name breaks the line and steers a terminal",
     kHead + "\"a\\nb\\u001b[31m\\u00e9\" = 1\n",
     {"{demo.toml}:4: a\\x0ab\\x1b[31m\u00e9: no such setting"}},
    {"an id with control characters",
     kHead + "va_partner_service_ids = [\"\\u007f\\r\"]\n",
     {kAtVa + "\"\\x7f\\x0d\"" + kNotPadded}},
    {"several errors",
     "client_id = 1\nmerchant_id = \"G1\"\n" + kIdAndSecret.substr(19),
     {"{demo.toml}:1: client_id: must be a string", "{demo.toml}:1: public_key_file: missing",
      "{demo.toml}:2: merchant_id: no such setting"}},
};

TEST_F(PartnerFolder, TellsEveryErrorWithFileLineAndSetting) {
  for (const BadFile& bad : kBadFiles) {
    SCOPED_TRACE(bad.what);
    folder_.write("demo.toml", bad.toml);
    const Errors told = errors();
    if (bad.errors.front().ends_with("not TOML: ")) {  // what follows are the parser's words
      ASSERT_EQ(told.size(), 1U);
      EXPECT_TRUE(told.front().starts_with(placed(bad.errors.front()))) << told.front();
    } else {
      EXPECT_EQ(told, placed(bad.errors));
    }
  }
}

TEST_F(PartnerFolder, TellsInOneLineWhatIsNoToml) {
  folder_.write("demo.toml", "a=i\as=0");
  const Errors told = errors();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(std::ranges::all_of(told.front(), [](char c) { return c >= ' ' && c <= '~'; }))
      << told.front();
}

TEST_F(PartnerFolder, TakesTheLongestIdentifiers) {
  folder_.write("demo.toml", "client_id = \"" + std::string(36, 'a') + "\"\n" + std::string(kRest) +
                                 "partner_ids = [\"" + std::string(36, 'p') +
                                 "\"]\nmerchant_ids = [\"" + std::string(64, 'm') + "\"]\n");
  EXPECT_EQ(errors(), Errors{});
}

TEST_F(PartnerFolder, TellsTheErrorsOfAllFiles) {
  folder_.write("a.toml", "client_id = 1\n" + std::string(kRest));
  folder_.write("b.toml", "client_id = 2\n" + std::string(kRest));
  EXPECT_EQ(errors(), placed(Errors{"{a.toml}:1: client_id: must be a string",
                                    "{b.toml}:1: client_id: must be a string"}));
}

TEST_F(PartnerFolder, RefusesWhatTwoPartnersClaim) {
  const std::string services = "va_partner_service_ids = [\"   11111\",\n\"   88899\"]\n";
  folder_.write("a.toml", "client_id = \"one\"\n" + std::string(kRest) + services);
  folder_.write("b.toml", "# the second\nclient_id = \"one\"\n" + std::string(kRest) +
                              "va_partner_service_ids = [\"   88899\"]\nflag = 1\n");
  EXPECT_EQ(errors(),
            placed(Errors{"{b.toml}:6: flag: no such setting",
                          "{b.toml}:2: client_id: \"one\" is already in {a.toml}:1",
                          "{b.toml}:5: va_partner_service_ids: \"   88899\" is already in "
                          "{a.toml}:5"}));
}

TEST_F(PartnerFolder, LetsPartnersShareMerchants) {
  const std::string merchants = "merchant_ids = [\"G1\"]\npartner_ids = [\"BMRI\"]\n";
  folder_.write("a.toml", "client_id = \"one\"\n" + std::string(kRest) + merchants);
  folder_.write("b.toml", "client_id = \"two\"\n" + std::string(kRest) + merchants);
  const auto directory = Directory::load(folder_.path());
  ASSERT_TRUE(directory) << directory.error().front();
  EXPECT_EQ((*directory)->size(), 2U);
  EXPECT_TRUE((*directory)->find("one")->has_merchant("G1"));
  EXPECT_TRUE((*directory)->find("two")->has_merchant("G1"));
  EXPECT_EQ((*directory)->find("three"), nullptr);
}

TEST_F(PartnerFolder, AnEmptyFolderHasNoPartners) {
  const auto directory = Directory::load(folder_.path());
  ASSERT_TRUE(directory);
  EXPECT_EQ((*directory)->size(), 0U);
  EXPECT_EQ((*directory)->find("demo"), nullptr);
}

TEST_F(PartnerFolder, AFolderThatIsNotThereIsAnError) {
  const auto directory = Directory::load(folder_ / "gone");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error(),
            Errors{placed("cannot read the folder {gone}: No such file or directory")});
}

TEST_F(PartnerFolder, AReloadIsANewDirectoryAndTheOldStays) {
  folder_.write("demo.toml", "client_id = \"demo\"\n" + std::string(kRest));
  const auto before = Directory::load(folder_.path());
  ASSERT_TRUE(before);
  folder_.write("secret", "changed");
  folder_.write("more.toml", "client_id = \"more\"\n" + std::string(kRest));
  const auto after = Directory::load(folder_.path());
  ASSERT_TRUE(after);
  EXPECT_EQ((*before)->size(), 1U);
  EXPECT_EQ((*before)->find("demo")->client_secrets, Errors{"s3cr3t"});
  EXPECT_EQ((*after)->size(), 2U);
  EXPECT_EQ((*after)->find("demo")->client_secrets, Errors{"changed"});
}

TEST(Directory, OfRefusesTheSameClientIdTwice) {
  const auto key = snap::RsaPublicKey::from_pem(a_key().public_pem());
  ASSERT_TRUE(key);
  const Partner demo{"demo", {}, *key, {"s"}, {}, {}, true, false};
  EXPECT_NE(Directory::of({demo})->find("demo"), nullptr);
  EXPECT_THROW(Directory::of({demo, demo}), std::invalid_argument);
}

}  // namespace
}  // namespace batal::partners
