#include "services/qr_content.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace batal::services {
namespace {

using Tags = std::map<std::string, std::string>;

payment::Transaction transaction(std::string merchant_id) {
  payment::Transaction transaction;
  transaction.reference_no = "A120260301070000abcdefghijID";
  transaction.merchant_id = std::move(merchant_id);
  transaction.kind = payment::Kind::Qris;
  transaction.amount = {.hundredths = 150'000, .currency = "IDR"};
  return transaction;
}

// Two digits of tag, two of length, the value, and so on to the end.
Tags parsed(std::string_view text) {
  Tags tags;
  while (text.size() >= 4) {
    const std::size_t length = std::stoul(std::string(text.substr(2, 2)));
    EXPECT_LE(4 + length, text.size());
    EXPECT_TRUE(tags.emplace(text.substr(0, 2), text.substr(4, length)).second) << text;
    text.remove_prefix(std::min(4 + length, text.size()));
  }
  EXPECT_EQ(text, "");
  return tags;
}

// CRC-16/CCITT-FALSE, bit by bit.
unsigned slow_crc(std::string_view text) {
  unsigned crc = 0xFFFF;
  for (const char c : text) {
    for (int bit = 7; bit >= 0; --bit) {
      const unsigned in = (static_cast<unsigned char>(c) >> bit) & 1U;
      const unsigned out = crc >> 15;
      crc = (crc << 1) & 0xFFFF;
      if (in != out) crc ^= 0x1021;
    }
  }
  return crc;
}

TEST(QrContent, IsMadeOfTags) {
  Tags tags = parsed(qr_content(transaction("G123456789")));
  EXPECT_EQ(tags.extract("63").mapped().size(), 4U);
  EXPECT_EQ(tags, (Tags{{"00", "01"},
                        {"01", "12"},
                        {"26", "0012ID.BATAL.WWW0110G123456789"},
                        {"52", "0000"},
                        {"53", "360"},
                        {"54", "1500.00"},
                        {"58", "ID"},
                        {"59", "BATAL"},
                        {"60", "JAKARTA"},
                        {"62", "0128A120260301070000abcdefghijID"}}));
}

TEST(QrContent, LeavesOutACurrencyWithoutANumber) {
  payment::Transaction foreign = transaction("M1");
  foreign.amount.currency = "USD";
  EXPECT_FALSE(parsed(qr_content(foreign)).contains("53"));
}

TEST(QrContent, EndsInItsCrc) {
  ASSERT_EQ(slow_crc("123456789"), 0x29B1U);  // the published check value
  for (int merchant = 0; merchant < 300; ++merchant) {
    const std::string content = qr_content(transaction(fmt::format("M{}", merchant)));
    const std::string_view covered = std::string_view(content).substr(0, content.size() - 4);
    EXPECT_TRUE(covered.ends_with("6304")) << content;
    EXPECT_EQ(content.substr(covered.size()), fmt::format("{:04X}", slow_crc(covered))) << content;
  }
}

// The account has 99 bytes, of which the merchant may take 79.
TEST(QrContent, LeavesOutAMerchantThatDoesNotFit) {
  for (const std::size_t bytes : {1U, 64U, 79U, 80U, 95U, 96U, 99U, 100U, 256U}) {
    const std::string merchant(bytes, 'm');
    const std::string content = qr_content(transaction(merchant));
    Tags account = parsed(parsed(content)["26"]);
    EXPECT_EQ(account["00"], "ID.BATAL.WWW") << bytes;
    EXPECT_EQ(account["01"], bytes <= 79 ? merchant : "") << bytes;
    EXPECT_LE(content.size(), 512U) << "as service 47 declares it";
  }
}

}  // namespace
}  // namespace batal::services
