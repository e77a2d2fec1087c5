#include "client/bodies.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace batal::client {
namespace {

TEST(Bodies, AreTheStandards) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {to_json(CreateDebit{.partner_reference_no = "order-1",
                           .amount = {"1500.00"},
                           .merchant_id = "G1",
                           .charge_token = "t",
                           .valid_up_to = "2026-11-23T15:00:00+07:00"}),
       R"({"partnerReferenceNo":"order-1","merchantId":"G1","chargeToken":"t",)"
       R"("validUpTo":"2026-11-23T15:00:00+07:00","payOptionDetails":[{"payMethod":"GOPAY",)"
       R"("payOption":"GOPAY_WALLET","transAmount":{"value":"1500.00","currency":"IDR"}}]})"},
      {to_json(CreateDebit{.partner_reference_no = "order-1", .amount = {"1500.00", "USD"}}),
       R"({"partnerReferenceNo":"order-1","payOptionDetails":[{"payMethod":"GOPAY",)"
       R"("payOption":"GOPAY_WALLET","transAmount":{"value":"1500.00","currency":"USD"}}]})"},
      {to_json(QueryDebit{.original_external_id = "x"}),
       R"({"originalExternalId":"x","serviceCode":"54"})"},
      {to_json(CancelDebit{.original_partner_reference_no = "a\"b", .original_reference_no = "A1"}),
       R"({"originalPartnerReferenceNo":"a\"b","originalReferenceNo":"A1"})"},
      {to_json(CancelDebit{.original_partner_reference_no = "", .original_external_id = "x"}),
       R"({"originalPartnerReferenceNo":"","originalExternalId":"x"})"},
      {to_json(CreateQris{"order-1", {"1.00"}, "G1", "2026-11-23T15:00:00Z"}),
       R"({"partnerReferenceNo":"order-1","amount":{"value":"1.00","currency":"IDR"},)"
       R"("merchantId":"G1","validityPeriod":"2026-11-23T15:00:00Z"})"},
      {to_json(QueryQris{"order-1", "A1", "x", "G1"}),
       R"({"originalPartnerReferenceNo":"order-1","originalReferenceNo":"A1",)"
       R"("originalExternalId":"x","merchantId":"G1","serviceCode":"47"})"},
      {to_json(CancelQris{"order-1", "A1", "x", "G1", "S1", "E1", "why", Amount{"1.00"}}),
       R"({"originalPartnerReferenceNo":"order-1","originalReferenceNo":"A1",)"
       R"("originalExternalId":"x","merchantId":"G1","subMerchantId":"S1","externalStoreId":"E1",)"
       R"("reason":"why","amount":{"value":"1.00","currency":"IDR"}})"},
      {to_json(CancelQris{.original_reference_no = "A1", .merchant_id = "G1", .reason = "why"}),
       R"({"originalReferenceNo":"A1","merchantId":"G1","reason":"why"})"},
      {to_json(Authorise{"order-1", "G1", {"1.00"}, "a ride", "2026-11-23T15:00:00Z"}),
       R"({"partnerReferenceNo":"order-1","merchantId":"G1",)"
       R"("amount":{"value":"1.00","currency":"IDR"},"title":"a ride",)"
       R"("validUpTo":"2026-11-23T15:00:00Z"})"},
      {to_json(QueryAuthorisation{"order-1", {}, "x"}),
       R"({"originalPartnerReferenceNo":"order-1","additionalInfo":{"originalExternalId":"x"}})"},
      {to_json(Capture{"order-1", "A1", {}, "G1", "C1", "a ride"}),
       R"({"originalPartnerReferenceNo":"order-1","originalReferenceNo":"A1","merchantId":"G1",)"
       R"("partnerCaptureNo":"C1","title":"a ride"})"},
      {to_json(VoidAuthorisation{"order-1", {}, "x", "G1", "V1", "why"}),
       R"({"originalPartnerReferenceNo":"order-1","merchantId":"G1","partnerVoidNo":"V1",)"
       R"("reason":"why","additionalInfo":{"originalExternalId":"x"}})"},
      {to_json(CreateVirtualAccount{
           "   88899", "1", "   888991", "T1", {"1.00"}, "G1", "Ani", "2026-11-23T15:00:00Z"}),
       R"({"partnerServiceId":"   88899","customerNo":"1","virtualAccountNo":"   888991",)"
       R"("virtualAccountName":"Ani","trxId":"T1","totalAmount":{"value":"1.00",)"
       R"("currency":"IDR"},"expiredDate":"2026-11-23T15:00:00Z",)"
       R"("additionalInfo":{"merchantId":"G1"}})"},
      {to_json(QueryVirtualAccount{"   88899", "1", "   888991", "T1", "G1"}),
       R"({"partnerServiceId":"   88899","customerNo":"1","virtualAccountNo":"   888991",)"
       R"("inquiryRequestId":"T1","additionalInfo":{"merchantId":"G1"}})"},
      {to_json(DeleteVirtualAccount{"   88899", "1", "   888991", "T1", "G1"}),
       R"({"partnerServiceId":"   88899","customerNo":"1","virtualAccountNo":"   888991",)"
       R"("trxId":"T1","additionalInfo":{"merchantId":"G1"}})"},
  };
  for (const auto& [made, expected] : cases) EXPECT_EQ(made, expected);
}

TEST(Services, AreFoundByNameCodeAndPath) {
  for (const ServiceInfo& known : all_services()) {
    EXPECT_EQ(service_by_name(known.name), known.service);
    EXPECT_EQ(service_by_name(known.code), known.service);
    EXPECT_EQ(service_by_name(known.path), known.service);
    EXPECT_EQ(&info(known.service), &known);
  }
  EXPECT_EQ(service_by_name("57"), Service::CancelDebit);
  EXPECT_EQ(service_by_name("debit-cancel"), Service::CancelDebit);
  EXPECT_EQ(service_by_name("/v1.0/auth/void"), Service::VoidAuthorisation);
  EXPECT_EQ(service_by_name("73"), std::nullopt);
  EXPECT_EQ(service_by_name(""), std::nullopt);
}

}  // namespace
}  // namespace batal::client
