#include "snap/response_code.h"

#include <array>

#include <fmt/format.h>

namespace batal::snap {
namespace {

struct Row {
  Case what;
  int status;
  std::string_view code;
  std::string_view text;
  std::string_view open = {};  // stands before the detail; empty if the text names none
  std::string_view close = {};
};

constexpr std::array<Row, kCaseCount> kRows{{
    {Case::Success, 200, "00", "Success"},
    {Case::BadRequest, 400, "00", "Bad Request"},
    {Case::InvalidFieldFormat, 400, "01", "Invalid Field Format", " "},
    {Case::InvalidMandatoryField, 400, "02", "Invalid Mandatory Field", " "},
    {Case::Unauthorized, 401, "00", "Unauthorized.", " "},
    {Case::InvalidToken, 401, "01", "Invalid Token (B2B)"},
    {Case::TransactionNotPermitted, 403, "15", "Transaction Not Permitted.", "[", "]."},
    {Case::PathNotFound, 404, "00", "Not Found"},
    {Case::TransactionNotFound, 404, "01", "Transaction Not Found"},
    {Case::InvalidMerchant, 404, "08", "Invalid Merchant"},
    {Case::InvalidAmount, 404, "13", "Invalid Amount"},
    {Case::FunctionNotSupported, 405, "00", "Requested Function Is Not Supported"},
    {Case::Conflict, 409, "00", "Conflict"},
    {Case::Duplicate, 409, "01", "Duplicate partnerReferenceNo"},
    {Case::BodyTooLarge, 413, "00", "Payload Too Large"},
    {Case::TooManyRequests, 429, "00", "Too Many Requests"},
    {Case::HeadTooLarge, 431, "00", "Request Header Fields Too Large"},
    {Case::InternalServerError, 500, "01", "Internal Server Error"},
    {Case::Timeout, 504, "00", "Timeout"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].what) != i) return false;
  }
  return true;
}
static_assert(in_order(), "a row of each case, in the order of the enum");

constexpr std::size_t kMessageMax = 150;  // code points

const Row& row(Case what) {
  return kRows.at(static_cast<std::size_t>(what));
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Where the character behind the first `count` characters begins.
std::size_t end_of_characters(std::string_view text, std::size_t count) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues_character(text[i]) && count-- == 0) return i;
  }
  return text.size();
}

}  // namespace

int http_status(Case what) {
  return row(what).status;
}

void append_response_code(std::string& out, std::string_view service, Case what) {
  const Row& r = row(what);
  out.append(fmt::format_int(r.status).c_str()).append(service).append(r.code);
}

void append_response_message(std::string& out, Case what, std::string_view detail) {
  const Row& r = row(what);
  const std::size_t begin = out.size();
  out += r.text;
  if (!r.open.empty() && !detail.empty()) out.append(r.open).append(detail).append(r.close);
  const auto message = std::string_view(out).substr(begin);
  out.resize(begin + end_of_characters(message, kMessageMax));
}

}  // namespace batal::snap
