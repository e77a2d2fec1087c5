#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "batal/client.h"
#include "snap/signature.h"
#include "support/temp_folder.h"

namespace batal::client {
namespace {

using testing::TempFolder;

const std::string kGood =
    "# made by the sandbox\n"
    "BASE_URL=http://127.0.0.1:8080\n"
    "\n"
    "CLIENT_ID=demo\n"
    "PARTNER_ID='BMRI'\n"
    "CLIENT_SECRET=\"a=b \"\r\n"
    "PRIVATE_KEY_FILE=demo.pem\n"
    "MERCHANT_ID=G123456789\n"
    "CHANNEL_ID=12345\n"
    "ADMIN_TOKEN=x\n";

TEST(Credentials, AreRead) {
  const TempFolder folder;
  folder.write("demo.pem", "the key\n");
  const auto options = options_from_credentials(folder.write("credentials.env", kGood));
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->base_url, "http://127.0.0.1:8080");
  EXPECT_EQ(options->client_id, "demo");
  EXPECT_EQ(options->partner_id, "BMRI");
  EXPECT_EQ(options->client_secret, "a=b ");
  EXPECT_EQ(options->private_key_pem, "the key\n");
  EXPECT_EQ(options->channel_id, "12345");
}

TEST(Credentials, NeedOnlyWhatHasNoDefault) {
  const TempFolder folder;
  const std::string key = folder.write("demo.pem", "the key\n").string();
  const auto options = options_from_credentials(folder.write("credentials.env",
                                                             "CLIENT_ID=demo\nCLIENT_SECRET=s\n"
                                                             "PRIVATE_KEY_FILE=" +
                                                                 key + "\n"));
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->base_url, "");
  EXPECT_EQ(options->partner_id, "");
  EXPECT_EQ(options->channel_id, "95221");
  EXPECT_EQ(options->private_key_pem, "the key\n");
}

TEST(Credentials, MayLeaveTheAddressToTheCaller) {
  const TempFolder folder;
  folder.write("demo.pem", snap::RsaPrivateKey::generate().private_pem());
  auto options = options_from_credentials(folder.write(
      "credentials.env",
      kGood.substr(0, kGood.find("BASE_URL")) + kGood.substr(kGood.find("CLIENT_ID"))));
  ASSERT_TRUE(options) << options.error();
  try {
    const Client client(*options);
    ADD_FAILURE() << "a client without an address";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "base_url: is empty");
  }
  options->base_url = "http://127.0.0.1:1";
  EXPECT_NO_THROW(Client{*options});
}

TEST(Credentials, NameFileLineAndKeyOfWhatIsWrong) {
  const TempFolder folder;
  const std::string file = (folder / "credentials.env").string();
  const std::string rest = "CLIENT_ID=demo\nCLIENT_SECRET=s\nPRIVATE_KEY_FILE=gone.pem\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", file + ": CLIENT_ID: missing"},
      {"BASE_URL=http://x\nCLIENT_ID=a\n", file + ": CLIENT_SECRET: missing"},
      {"BASE_URL=http://x\nCLIENT_ID=a\nCLIENT_SECRET=s\n", file + ": PRIVATE_KEY_FILE: missing"},
      {"BASE_URL=x\nCLIENT_ID=''\nCLIENT_SECRET=s\nPRIVATE_KEY_FILE=k\n",
       file + ":2: CLIENT_ID: is empty"},
      {"BASE_URL=http://x\nnonsense\n" + rest, file + ":2: not KEY=VALUE"},
      {"=x\n", file + ":1: not KEY=VALUE"},
      {"BASE_URL=a\nBASE_URL=b\n" + rest, file + ":2: BASE_URL: given already in line 1"},
      {"BASE_URL=a\n" + rest, file + ":4: PRIVATE_KEY_FILE: cannot read " +
                                  (folder / "gone.pem").string() + ": No such file or directory"},
  };
  for (const auto& [text, error] : cases) {
    const auto options = options_from_credentials(folder.write("credentials.env", text));
    ASSERT_FALSE(options) << error;
    EXPECT_EQ(options.error(), error);
  }
  const auto gone = options_from_credentials(folder / "gone.env");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error(),
            "cannot read " + (folder / "gone.env").string() + ": No such file or directory");
}

}  // namespace
}  // namespace batal::client
