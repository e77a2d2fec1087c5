#include "ledger/embedded/record_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "ledger/commands.h"

namespace batal::ledger {
namespace {

using payment::Event;
using payment::EventPtr;
using payment::NotFoundYet;
using payment::Record;
using payment::Time;
using payment::TimeMark;
using payment::Transaction;

bool same(const Record& a, const Record& b) {
  const auto* left = std::get_if<EventPtr>(&a);
  const auto* right = std::get_if<EventPtr>(&b);
  return left && right ? **left == **right : a == b;
}

std::vector<std::uint8_t> encoded(const Record& record) {
  std::vector<std::uint8_t> bytes;
  encode(record, bytes);
  return bytes;
}

std::string text() {
  return *rc::gen::arbitrary<std::string>();
}
Time time() {
  return Time(std::chrono::microseconds(*rc::gen::arbitrary<std::int64_t>()));
}
std::optional<Time> maybe_time() {
  return *rc::gen::arbitrary<bool>() ? std::optional(time()) : std::nullopt;
}

Transaction any_transaction() {
  Transaction transaction;
  for (std::string* field :
       {&transaction.reference_no, &transaction.partner, &transaction.external_id,
        &transaction.partner_reference_no, &transaction.merchant_id, &transaction.amount.currency,
        &transaction.refund_no, &transaction.trx_id, &transaction.partner_service_id,
        &transaction.customer_no, &transaction.virtual_account_no,
        &transaction.virtual_account_name})
    *field = text();
  transaction.kind = *rc::gen::elementOf(payment::kKinds);
  transaction.state = *rc::gen::elementOf(payment::kStates);
  transaction.amount.hundredths = *rc::gen::arbitrary<std::int64_t>();
  transaction.created_at = time();
  transaction.expires_at = time();
  transaction.changed_at = time();
  transaction.paid_at = maybe_time();
  transaction.refunded_at = maybe_time();
  return transaction;
}

EventPtr any_event() {
  Event event;
  event.at = time();
  event.action = *rc::gen::elementOf(payment::kActions);
  event.call.service = *rc::gen::arbitrary<std::uint8_t>();
  event.call.external_id = text();
  event.call.fingerprint =
      *rc::gen::container<payment::Fingerprint>(rc::gen::arbitrary<std::uint8_t>());
  event.call.request = std::string(*rc::gen::inRange<std::size_t>(0, 70'000), 'x');
  event.action_no = text();
  event.partner_action_no = text();
  event.rendering = *rc::gen::arbitrary<std::uint8_t>();
  event.transaction = std::make_shared<Transaction>(any_transaction());
  return std::make_shared<Event>(event);
}

Record any_record() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return any_event();
    case 1:
      return NotFoundYet{time(), time(), text(), *rc::gen::arbitrary<std::uint8_t>(),
                         text(), text()};
    default:
      return TimeMark{time()};
  }
}

TEST(RecordCodec, GivesBackWhatItWasGiven) {
  ASSERT_TRUE(rc::check([] {
    const Record record = any_record();
    const auto back = decode(encoded(record));
    RC_ASSERT(back.has_value());
    RC_ASSERT(same(*back, record));
  }));
}

TEST(RecordCodec, TakesGarbageForGarbage) {
  ASSERT_TRUE(rc::check([] {
    const auto bytes = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
    const auto record = decode(bytes);
    if (record) RC_ASSERT(encoded(*record) == bytes);
  }));
}

TEST(RecordCodec, TakesOneFormOnlyOfADamagedRecord) {
  ASSERT_TRUE(rc::check([] {
    auto bytes = encoded(any_record());
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ *rc::gen::inRange(1, 256));
    const auto record = decode(bytes);
    if (record) RC_ASSERT(encoded(*record) == bytes);
  }));
}

TEST(RecordCodec, RefusesEveryPartOfARecord) {
  const auto bytes = encoded(created(1));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode(std::span(bytes).first(length))) << length;
}

TEST(RecordCodec, SaysWhatIsWrongAndWhere) {
  const auto mark = encoded(TimeMark{kNoon});
  auto newer = mark;
  newer[0] = kRecordFormat + 1;
  auto unknown = mark;
  unknown[1] = 9;
  auto longer = mark;
  longer.push_back(0);
  const std::vector<std::uint8_t> long_text{1, 2, 0, 0, 0, 0, 0, 0, 0, 0,
                                            0, 0, 0, 0, 0, 0, 0, 0, 7};

  EXPECT_EQ(decode(newer).error(), "format at byte 1: 2, but this program knows 1");
  EXPECT_EQ(decode(unknown).error(), "type at byte 2: 9 is no record's");
  EXPECT_EQ(decode(longer).error(), "end at byte 10: 1 bytes too many");
  EXPECT_EQ(decode(std::span(mark).first(5)).error(), "at at byte 2: 8 bytes, but 3 are left");
  EXPECT_EQ(decode(long_text).error(), "partner at byte 19: 7 bytes, but 0 are left");
}

// The bytes of a ledger made today must be readable for ever.
TEST(RecordCodec, KeepsItsForm) {
  const NotFoundYet record{Time(std::chrono::microseconds(1)),
                           Time(std::chrono::microseconds(258)),
                           "P1",
                           54,
                           "x-7",
                           ""};
  const std::vector<std::uint8_t> form{1, 2, 1, 0, 0, 0,   0,   0,  0, 0,   2,   1,   0, 0,
                                       0, 0, 0, 0, 2, 'P', '1', 54, 3, 'x', '-', '7', 0};
  EXPECT_EQ(encoded(record), form);
}

}  // namespace
}  // namespace batal::ledger
