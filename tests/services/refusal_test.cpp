#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "services/answers.h"
#include "services/declarations.h"

namespace batal::services {
namespace {

using payment::Refusal;

// Code and message, as a caller hears them.
std::string heard(Refusal refusal, const Service& service) {
  const snap::Problem problem = problem_of(refusal, service);
  std::string text;
  snap::append_response_code(text, service.code, problem.what);
  text += ' ';
  snap::append_response_message(text, problem.what, problem.detail);
  return text;
}

TEST(Refusal, HasOneMeaning) {
  const std::map<Refusal, std::string> meanings = {
      {Refusal::Conflict, "4092700 Conflict"},
      {Refusal::InvalidMerchant, "4042708 Invalid Merchant"},
      {Refusal::NotFound, "4042701 Transaction Not Found"},
      {Refusal::IdentifiersDisagree, "4032715 Transaction Not Permitted.[identifiers disagree]."},
      {Refusal::InvalidAmount, "4042713 Invalid Amount"},
      {Refusal::AlreadyCancelled, "4032715 Transaction Not Permitted.[already cancelled]."},
      {Refusal::AlreadyPaid, "4032715 Transaction Not Permitted.[already paid]."},
      {Refusal::AlreadyCaptured, "4032715 Transaction Not Permitted.[already captured]."},
      {Refusal::AlreadyRefunded, "4032715 Transaction Not Permitted.[already refunded]."},
      {Refusal::Expired, "4032715 Transaction Not Permitted.[expired]."},
      {Refusal::Failed, "4032715 Transaction Not Permitted.[failed]."},
      {Refusal::WrongState, "4032715 Transaction Not Permitted.[not in this state]."},
      {Refusal::VaNumberPending, "4092700 Conflict"},
      {Refusal::DuplicateTrxId, "4092701 Duplicate partnerReferenceNo"},
      {Refusal::InvalidExpiry, "4002701 Invalid Field Format expiredDate"},
  };
  ASSERT_EQ(meanings.size(), payment::kRefusalCount);
  for (const auto& [refusal, meaning] : meanings) EXPECT_EQ(heard(refusal, kCreateVa), meaning);
}

TEST(Refusal, OfAnExpiryNamesTheServicesField) {
  const std::vector<std::pair<const Service*, std::string>> cases = {
      {&kDebitPayment, "4005401 Invalid Field Format validUpTo"},
      {&kQrMpmGenerate, "4004701 Invalid Field Format validityPeriod"},
      {&kAuthPayment, "4006301 Invalid Field Format validUpTo"},
      {&kCreateVa, "4002701 Invalid Field Format expiredDate"},
  };
  for (const auto& [service, meaning] : cases) {
    EXPECT_EQ(heard(Refusal::InvalidExpiry, *service), meaning);
  }
}

}  // namespace
}  // namespace batal::services
