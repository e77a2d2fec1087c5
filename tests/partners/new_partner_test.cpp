#include "partners/new_partner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "partners/directory.h"
#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::partners {
namespace {

using testing::TempFolder;
namespace fs = std::filesystem;

constexpr fs::perms kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

TEST(NewPartner, IsOneThatTheDirectoryReads) {
  const TempFolder folder;
  const fs::path partners = folder / "a/b";
  const auto made = make_partner(
      partners, {"demo-1", {"BMRI"}, {"G\"1\\", "G2"}, {"88899", "12345678"}, false, true});
  ASSERT_TRUE(made) << made.error();
  const auto directory = Directory::load(partners);
  ASSERT_TRUE(directory) << directory.error().front();
  const Partner* partner = (*directory)->find("demo-1");
  ASSERT_NE(partner, nullptr);
  EXPECT_EQ(partner->partner_ids, std::vector<std::string>{"BMRI"});
  EXPECT_EQ(partner->merchant_ids, (std::vector<std::string>{"G\"1\\", "G2"}));
  EXPECT_EQ(partner->va_partner_service_ids, (std::vector<std::string>{"   88899", "12345678"}));
  EXPECT_EQ(partner->client_secrets, std::vector<std::string>{made->client_secret});
  EXPECT_FALSE(partner->accept_unescaped_signature);
  EXPECT_TRUE(partner->lenient_debit_cancel);
}

TEST(NewPartner, GetsAKeyPairThatFits) {
  const TempFolder folder;
  const auto made = make_partner(folder.path(), {.client_id = "demo"});
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->private_key_file, folder / "demo.private.pem");
  EXPECT_EQ(made->partner_file, folder / "demo.toml");
  const auto key = snap::RsaPrivateKey::from_pem(folder.read("demo.private.pem"));
  ASSERT_TRUE(key) << key.error();
  const auto directory = Directory::load(folder.path());
  ASSERT_TRUE(directory) << directory.error().front();
  EXPECT_TRUE((*directory)->find("demo")->public_key.verify("x|y", key->sign("x|y")));
}

TEST(NewPartner, KeepsItsSecretsToTheOwner) {
  const TempFolder folder;
  ASSERT_TRUE(make_partner(folder.path(), {.client_id = "demo"}));
  for (const char* name : {"demo.private.pem", "demo.secret"}) {
    EXPECT_EQ(fs::status(folder / name).permissions(), kOwnerOnly) << name;
  }
}

TEST(NewPartner, HasRandomNamesAndSecrets) {
  const TempFolder folder;
  const auto one = make_partner(folder.path(), {});
  const auto two = make_partner(folder.path(), {});
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->client_id.size(), 20U);
  EXPECT_NE(one->client_id, two->client_id);
  EXPECT_EQ(one->client_secret.size(), 32U);
  EXPECT_NE(one->client_secret, two->client_secret);
  EXPECT_TRUE(std::ranges::all_of(one->client_id + one->client_secret,
                                  [](unsigned char c) { return std::isalnum(c) != 0; }));
}

TEST(NewPartner, NeverOverwritesAndLeavesNoHalves) {
  for (const std::string taken : {"demo.private.pem", "demo.public.pem", "demo.secret"}) {
    SCOPED_TRACE(taken);
    const TempFolder folder;
    folder.write(taken, "precious");
    const auto made = make_partner(folder.path(), {.client_id = "demo"});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), "cannot create " + (folder / taken).string() + ": File exists");
    EXPECT_EQ(folder.read(taken), "precious");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
  }
}

TEST(NewPartner, TakesNothingThatAnotherHas) {
  const TempFolder folder;
  ASSERT_TRUE(
      make_partner(folder.path(), {.client_id = "one", .va_partner_service_ids = {"88899"}}));
  fs::rename(folder / "one.toml", folder / "first.toml");
  const std::string first = (folder / "first.toml").string();
  const auto before = std::distance(fs::directory_iterator(folder.path()), {});
  const auto made =
      make_partner(folder.path(), {.client_id = "one", .va_partner_service_ids = {"1", "88899"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), "client_id: \"one\" is already in " + first +
                              ":1\nva_partner_service_ids: \"   88899\" is already in " + first +
                              ":6");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), before);
}

TEST(NewPartner, IsNotAddedToAFolderThatDoesNotLoad) {
  const TempFolder folder;
  const fs::path broken = folder.write("demo.toml", "client_id = 7\n");
  const auto made = make_partner(folder.path(), {.client_id = "demo"});
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().starts_with(broken.string() + ":1: client_id: must be a string\n"))
      << made.error();
  EXPECT_EQ(folder.read("demo.toml"), "client_id = 7\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(NewPartner, RefusesNamesThatWouldNotDo) {
  const std::string no_name = " is not letters, digits, '.', '_' and '-', the first no '.'";
  const struct {
    NewPartner partner;
    std::string error;
  } cases[] = {
      {{.client_id = "../demo"}, "client_id: \"../demo\"" + no_name},
      {{.client_id = ".demo"}, "client_id: \".demo\"" + no_name},
      {{.client_id = "de mo"}, "client_id: \"de mo\"" + no_name},
      {{.client_id = std::string(37, 'a')},
       "client_id: \"" + std::string(37, 'a') + "\" has more than 36 characters"},
      {{.client_id = "d", .partner_ids = {""}}, "partner_ids: is empty"},
      {{.client_id = "d", .merchant_ids = {"a", ""}}, "merchant_ids: is empty"},
      {{.client_id = "d", .va_partner_service_ids = {"123456789"}},
       "va_partner_service_ids: \"123456789\" is not 8 characters, digits padded with spaces on "
       "the left"},
      {{.client_id = "d", .va_partner_service_ids = {""}},
       "va_partner_service_ids: \"\" is not 8 characters, digits padded with spaces on the left"},
  };
  const TempFolder folder;
  for (const auto& [partner, error] : cases) {
    const auto made = make_partner(folder.path(), partner);
    ASSERT_FALSE(made) << error;
    EXPECT_EQ(made.error(), error);
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(NewPartner, NamesTheFolderThatCannotBeMade) {
  const TempFolder folder;
  const fs::path file = folder.write("file", "");
  const auto made = make_partner(file / "partners", {.client_id = "demo"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(),
            "cannot make the folder " + (file / "partners").string() + ": Not a directory");
}

}  // namespace
}  // namespace batal::partners
