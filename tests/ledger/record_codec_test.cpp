#include "ledger/embedded/log/record_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "ledger/commands.h"

namespace batal::ledger {
namespace {

using payment::Action;
using payment::Event;
using payment::EventPtr;
using payment::Kind;
using payment::NotFoundYet;
using payment::Record;
using payment::State;
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
        &transaction.refund_no, &transaction.details, &transaction.trx_id,
        &transaction.partner_service_id, &transaction.customer_no, &transaction.virtual_account_no,
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
  event.rendering = *rc::gen::inRange<std::uint8_t>(1, payment::kRendering + 1);
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

std::vector<std::uint8_t> encoded(const Transaction& transaction) {
  std::vector<std::uint8_t> bytes;
  encode(transaction, bytes);
  return bytes;
}

TEST(TransactionCodec, GivesBackWhatItWasGiven) {
  ASSERT_TRUE(rc::check([] {
    const Transaction transaction = any_transaction();
    const auto back = decode_transaction(encoded(transaction));
    RC_ASSERT(back.has_value());
    RC_ASSERT(**back == transaction);
  }));
}

// Whoever looks for a transaction compares these bytes and decodes nothing.
TEST(TransactionCodec, BeginsWithReferenceNumberAndPartner) {
  ASSERT_TRUE(rc::check([] {
    Transaction transaction = any_transaction();
    transaction.partner = std::string(*rc::gen::inRange<std::size_t>(0, 300), 'p');
    std::vector<std::uint8_t> names;
    append_text(transaction.reference_no, names);
    append_text(transaction.partner, names);
    const auto bytes = encoded(transaction);
    RC_ASSERT(bytes.size() >= names.size());
    RC_ASSERT(std::equal(names.begin(), names.end(), bytes.begin()));
  }));
}

TEST(TransactionCodec, IsWhatStandsInAnEvent) {
  ASSERT_TRUE(rc::check([] {
    const EventPtr event = any_event();
    const auto whole = encoded(Record(event));
    const auto part = encoded(*event->transaction);
    RC_ASSERT(whole.size() > part.size());
    RC_ASSERT(std::equal(part.rbegin(), part.rend(), whole.rbegin()));
  }));
}

TEST(TransactionCodec, TakesOneFormOnlyOfADamagedTransaction) {
  ASSERT_TRUE(rc::check([] {
    auto bytes = encoded(any_transaction());
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ *rc::gen::inRange(1, 256));
    const auto transaction = decode_transaction(bytes);
    if (transaction) RC_ASSERT(encoded(**transaction) == bytes);
  }));
}

TEST(TransactionCodec, RefusesEveryPartAndAnythingMore) {
  auto bytes = encoded(*created(1)->transaction);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_transaction(std::span(bytes).first(length))) << length;
  bytes.push_back(0);
  EXPECT_EQ(decode_transaction(bytes).error(),
            fmt::format("end at byte {}: 1 bytes too many", bytes.size() - 1));
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

// The bytes of a ledger made today must be readable for ever: what follows pins them. Neither an
// order of fields nor a number may ever change; a new enumerator comes last, with a row here.

Time at_micros(std::int64_t micros) {
  return Time(std::chrono::microseconds(micros));
}

Event full_event() {
  Transaction transaction;
  transaction.reference_no = "R1";
  transaction.partner = "P1";
  transaction.external_id = "x1";
  transaction.partner_reference_no = "o1";
  transaction.merchant_id = "m1";
  transaction.kind = Kind::Hold;
  transaction.state = State::Cancelled;
  transaction.amount = {.hundredths = 258, .currency = "IDR"};
  transaction.created_at = at_micros(2);
  transaction.expires_at = at_micros(3);
  transaction.changed_at = at_micros(4);
  transaction.paid_at = at_micros(5);
  transaction.refund_no = "r1";
  transaction.details = "{}";
  transaction.trx_id = "t1";
  transaction.partner_service_id = "s1";
  transaction.customer_no = "c1";
  transaction.virtual_account_no = "v1";
  transaction.virtual_account_name = "n1";
  Event event;
  event.at = at_micros(-1);
  event.action = Action::Refund;
  event.call = {.service = 67, .external_id = "y1", .fingerprint = {}, .request = "[]"};
  event.call.fingerprint.front() = 0xA5;
  event.call.fingerprint.back() = 0x5A;
  event.action_no = "a1";
  event.partner_action_no = "b1";
  event.transaction = std::make_shared<Transaction>(transaction);
  return event;
}

constexpr std::size_t kRenderingAt = 56;  // in the form below

const std::vector<std::uint8_t> kFullEventForm{
    1,    1,                                                // format, type
    255,  255, 255, 255, 255, 255, 255, 255,                // at
    5,    67,                                               // action, service
    2,    'y', '1',                                         // external_id
    0xA5, 0,   0,   0,   0,   0,   0,   0,   0,   0,    0,  // fingerprint
    0,    0,   0,   0,   0,   0,   0,   0,   0,   0,    0,  //
    0,    0,   0,   0,   0,   0,   0,   0,   0,   0x5A,     //
    2,    '[', ']', 2,   'a', '1', 2,   'b', '1',           // request, action_no, partner_action_no
    1,                                                      // rendering
    2,    'R', '1', 2,   'P', '1', 2,   'x', '1',           // reference_no, partner, external_id
    2,    'o', '1', 2,   'm', '1',                          // partner_reference_no, merchant_id
    2,    4,                                                // kind, state
    2,    1,   0,   0,   0,   0,   0,   0,                  // amount
    3,    'I', 'D', 'R',                                    // currency
    2,    0,   0,   0,   0,   0,   0,   0,                  // created_at
    3,    0,   0,   0,   0,   0,   0,   0,                  // expires_at
    4,    0,   0,   0,   0,   0,   0,   0,                  // changed_at
    1,    5,   0,   0,   0,   0,   0,   0,   0,             // paid_at: given
    0,                                                      // refunded_at: none
    2,    'r', '1', 2,   '{', '}',                          // refund_no, details
    2,    't', '1', 2,   's', '1', 2,   'c', '1',  // trx_id, partner_service_id, customer_no
    2,    'v', '1', 2,   'n', '1',                 // virtual account's number, name
};

TEST(RecordForm, OfAnEvent) {
  EXPECT_EQ(encoded(std::make_shared<const Event>(full_event())), kFullEventForm);
}

TEST(RecordForm, OfANotFoundYet) {
  const NotFoundYet record{at_micros(1), at_micros(258), "P1", 54, "x-7", ""};
  const std::vector<std::uint8_t> form{1, 2, 1, 0, 0, 0,   0,   0,  0, 0,   2,   1,   0, 0,
                                       0, 0, 0, 0, 2, 'P', '1', 54, 3, 'x', '-', '7', 0};
  EXPECT_EQ(encoded(record), form);
}

TEST(RecordForm, OfATimeMark) {
  EXPECT_EQ(encoded(TimeMark{at_micros(258)}),
            (std::vector<std::uint8_t>{1, 3, 2, 1, 0, 0, 0, 0, 0, 0}));
}

// Each list holds all enumerators, in the order of their numbers.
template <class Enum, std::size_t N>
void expect_numbers(const std::array<Enum, N>& all, const std::array<Enum, N>& pinned) {
  EXPECT_EQ(all, pinned);
  for (std::size_t number = 0; number < N; ++number)
    EXPECT_EQ(static_cast<std::size_t>(all[number]), number);
}

TEST(RecordForm, NumbersItsChoices) {
  expect_numbers(payment::kKinds, {Kind::Debit, Kind::Qris, Kind::Hold, Kind::VirtualAccount});
  expect_numbers(payment::kStates, {State::Pending, State::Authorised, State::Paid, State::Refunded,
                                    State::Cancelled, State::Failed, State::Expired});
  expect_numbers(payment::kActions, {Action::Create, Action::Cancel, Action::Capture, Action::Pay,
                                     Action::Fail, Action::Refund, Action::Expire, Action::Query});
}

TEST(RecordForm, KnowsNoRenderingOfTheFuture) {
  auto bytes = kFullEventForm;
  ASSERT_EQ(bytes[kRenderingAt], payment::kRendering);
  EXPECT_TRUE(decode(bytes));
  for (const int version : {0, payment::kRendering + 1, 255}) {
    bytes[kRenderingAt] = static_cast<std::uint8_t>(version);
    const auto record = decode(bytes);
    ASSERT_FALSE(record) << version;
    EXPECT_EQ(record.error(),
              fmt::format("rendering at byte {}: version {} is unknown", bytes.size(), version));
  }
}

}  // namespace
}  // namespace batal::ledger
