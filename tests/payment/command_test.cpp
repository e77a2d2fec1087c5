#include "payment/command.h"

#include <gtest/gtest.h>

namespace batal::payment {
namespace {

TEST(Action, IsNamedAsPeopleSayIt) {
  EXPECT_EQ(name_of(Action::Create), "create");
  EXPECT_EQ(name_of(Action::Cancel), "cancel");
  EXPECT_EQ(name_of(Action::Capture), "capture");
  EXPECT_EQ(name_of(Action::Pay), "pay");
  EXPECT_EQ(name_of(Action::Fail), "fail");
  EXPECT_EQ(name_of(Action::Refund), "refund");
  EXPECT_EQ(name_of(Action::Expire), "expire");
  EXPECT_EQ(name_of(Action::Query), "query");
}

TEST(Services, CreateEachKind) {
  EXPECT_EQ(creation_service(Kind::Debit), 54);
  EXPECT_EQ(creation_service(Kind::Qris), 47);
  EXPECT_EQ(creation_service(Kind::Hold), 63);
  EXPECT_EQ(creation_service(Kind::VirtualAccount), 27);
}

TEST(Services, AreLookedThroughInOrder) {
  const auto of = [](Kind kind) {
    const auto services = services_found_by_external_id(kind);
    return std::vector<int>(services.begin(), services.end());
  };
  EXPECT_EQ(of(Kind::Debit), (std::vector{54, 57}));
  EXPECT_EQ(of(Kind::Qris), (std::vector{47, 77}));
  EXPECT_EQ(of(Kind::Hold), (std::vector{63, 67, 65}));
  EXPECT_EQ(of(Kind::VirtualAccount), (std::vector{27, 31}));
}

}  // namespace
}  // namespace batal::payment
