#include "services/qr_content.h"

#include <fmt/format.h>
#include <boost/crc.hpp>

#include "services/shared_fields.h"

namespace batal::services {
namespace {

using Crc = boost::crc_optimal<16, 0x1021, 0xFFFF, 0, false, false>;

constexpr std::size_t kValueMax = 99;  // bytes; tags inside a value included
constexpr std::size_t kTagHead = 4;

// A value that is too long for the text it goes into is left out.
void append_tag(std::string& out, std::string_view tag, std::string_view value,
                std::size_t value_max = kValueMax) {
  if (value.size() > value_max) return;
  fmt::format_to(std::back_inserter(out), "{}{:02}{}", tag, value.size(), value);
}

std::string account(const payment::Transaction& transaction) {
  std::string tags;
  append_tag(tags, "00", "ID.BATAL.WWW");
  append_tag(tags, "01", transaction.merchant_id, kValueMax - tags.size() - kTagHead);
  return tags;
}

}  // namespace

std::string qr_content(const payment::Transaction& transaction) {
  std::string content;
  append_tag(content, "00", "01");  // payload format
  append_tag(content, "01", "12");  // dynamic: for one payment
  append_tag(content, "26", account(transaction));
  append_tag(content, "52", "0000");  // no merchant category
  if (transaction.amount.currency == "IDR") append_tag(content, "53", "360");
  append_tag(content, "54", amount_text(transaction.amount));
  append_tag(content, "58", "ID");
  append_tag(content, "59", "BATAL");
  append_tag(content, "60", "JAKARTA");
  std::string additional;
  append_tag(additional, "01", transaction.reference_no);
  append_tag(content, "62", additional);
  content += "6304";  // the CRC covers its own tag and length
  Crc crc;
  crc.process_bytes(content.data(), content.size());
  fmt::format_to(std::back_inserter(content), "{:04X}", crc.checksum());
  return content;
}

}  // namespace batal::services
