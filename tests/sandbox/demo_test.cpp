#include "sandbox/demo.h"

#include <gtest/gtest.h>

#include <string>

#include "partners/directory.h"
#include "support/temp_folder.h"

namespace batal::sandbox {
namespace {

using testing::TempFolder;
namespace fs = std::filesystem;

TEST(DemoPartner, IsMadeOnceAndKept) {
  const TempFolder folder;
  ASSERT_TRUE(ensure_demo_partner(folder.path()));
  const std::string secret = folder.read("demo.secret");
  ASSERT_TRUE(ensure_demo_partner(folder.path()));
  EXPECT_EQ(folder.read("demo.secret"), secret);
}

TEST(DemoPartner, IsMadeAnewWhereItsMakingWasBrokenOff) {
  const TempFolder folder;
  folder.write("demo.private.pem", "half a k");
  folder.write("demo.public.pem", "");
  folder.write("demo.secret", "");
  const auto made = ensure_demo_partner(folder.path());
  ASSERT_TRUE(made) << made.error();
  const auto directory = partners::Directory::load(folder.path());
  ASSERT_TRUE(directory) << directory.error().front();
  EXPECT_NE((*directory)->find("demo"), nullptr);
}

TEST(Credentials, AreWrittenOverTheOldWholeAndForTheOwnerOnly) {
  const TempFolder folder;
  ASSERT_TRUE(ensure_demo_partner(folder.path()));
  const fs::path sandbox = folder / "sandbox";
  for (const char* url : {"http://127.0.0.1:1", "http://127.0.0.1:2"}) {
    const auto written =
        write_credentials(sandbox, folder.path(), {url, "http://127.0.0.1:3", "t0ken"});
    ASSERT_TRUE(written) << written.error();
    const std::string text = folder.read("sandbox/credentials.env");
    EXPECT_TRUE(text.starts_with("BASE_URL=" + std::string(url) + "\n")) << text;
    EXPECT_TRUE(text.ends_with("ADMIN_TOKEN=t0ken\n")) << text;
  }
  EXPECT_EQ(fs::status(sandbox / "credentials.env").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(sandbox), {}), 1);
}

}  // namespace
}  // namespace batal::sandbox
