#include "snap/response_code.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "snap/field.h"

namespace batal::snap {
namespace {

std::string code(std::string_view service, Case what) {
  std::string out;
  append_response_code(out, service, what);
  return out;
}

std::string message(Case what, std::string_view detail) {
  std::string out;
  append_response_message(out, what, detail);
  return out;
}

struct Row {
  Case what;
  int status;
  std::string_view code, detail, message;
};

const std::vector<Row> kRows = {
    {Case::Success, 200, "2005700", "", "Success"},
    {Case::BadRequest, 400, "4005700", "", "Bad Request"},
    {Case::InvalidFieldFormat, 400, "4005701", "amount.value", "Invalid Field Format amount.value"},
    {Case::InvalidMandatoryField, 400, "4005702", "originalReferenceNo",
     "Invalid Mandatory Field originalReferenceNo"},
    {Case::Unauthorized, 401, "4015700", "Signature", "Unauthorized. Signature"},
    {Case::InvalidToken, 401, "4015701", "", "Invalid Token (B2B)"},
    {Case::TransactionNotPermitted, 403, "4035715", "expired",
     "Transaction Not Permitted.[expired]."},
    {Case::PathNotFound, 404, "4045700", "", "Not Found"},
    {Case::TransactionNotFound, 404, "4045701", "", "Transaction Not Found"},
    {Case::InvalidMerchant, 404, "4045708", "", "Invalid Merchant"},
    {Case::InvalidAmount, 404, "4045713", "", "Invalid Amount"},
    {Case::FunctionNotSupported, 405, "4055700", "", "Requested Function Is Not Supported"},
    {Case::Conflict, 409, "4095700", "", "Conflict"},
    {Case::Duplicate, 409, "4095701", "", "Duplicate partnerReferenceNo"},
    {Case::BodyTooLarge, 413, "4135700", "", "Payload Too Large"},
    {Case::TooManyRequests, 429, "4295700", "", "Too Many Requests"},
    {Case::HeadTooLarge, 431, "4315700", "", "Request Header Fields Too Large"},
    {Case::InternalServerError, 500, "5005701", "", "Internal Server Error"},
    {Case::Timeout, 504, "5045700", "", "Timeout"},
};

TEST(ResponseCode, EveryCase) {
  std::set<Case> seen;
  for (const Row& row : kRows) {
    seen.insert(row.what);
    EXPECT_EQ(http_status(row.what), row.status);
    EXPECT_EQ(code("57", row.what), row.code);
    EXPECT_EQ(message(row.what, row.detail), row.message);
  }
  EXPECT_EQ(seen.size(), kCaseCount);
}

TEST(ResponseCode, ServiceStandsInTheMiddle) {
  EXPECT_EQ(code("67", Case::TransactionNotPermitted), "4036715");
  EXPECT_EQ(code("00", Case::PathNotFound), "4040000");
  std::string out = "code=";
  append_response_code(out, "73", Case::Success);
  EXPECT_EQ(out, "code=2007300");
}

TEST(ResponseMessage, WithoutDetailLeavesOutItsPlace) {
  EXPECT_EQ(message(Case::Unauthorized, ""), "Unauthorized.");
  EXPECT_EQ(message(Case::InvalidFieldFormat, ""), "Invalid Field Format");
  EXPECT_EQ(message(Case::TransactionNotPermitted, ""), "Transaction Not Permitted.");
}

TEST(ResponseMessage, OnlyTextsThatNameADetailShowIt) {
  EXPECT_EQ(message(Case::Conflict, "detail"), "Conflict");
  EXPECT_EQ(message(Case::InternalServerError, "detail"), "Internal Server Error");
}

TEST(ResponseMessage, HasAtMost150Characters) {
  const std::string head = "Unauthorized. ";
  for (const std::string character : {"x", "\xC3\xA9", "\xF0\x9F\x98\x80"}) {
    std::string detail;
    while (code_points(detail) < 150 - head.size()) detail += character;
    EXPECT_EQ(message(Case::Unauthorized, detail), head + detail);
    EXPECT_EQ(message(Case::Unauthorized, detail + character), head + detail);
  }
}

TEST(ResponseMessage, IsAppendedAndOnlyItselfIsCut) {
  std::string out(200, '-');
  append_response_message(out, Case::Unauthorized, std::string(200, 'x'));
  EXPECT_EQ(out.size(), 350u);
  EXPECT_TRUE(out.starts_with(std::string(200, '-') + "Unauthorized. x"));
}

}  // namespace
}  // namespace batal::snap
