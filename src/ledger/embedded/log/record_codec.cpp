#include "ledger/embedded/log/record_codec.h"

#include <fmt/format.h>

#include <boost/endian/conversion.hpp>
#include <type_traits>
#include <utility>

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

enum class Type : std::uint8_t { Event = 1, NotFoundYet = 2, TimeMark = 3 };

// The field lists. `codec` is an Encoder and the value const, or a Decoder and the value fresh.

template <class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, Transaction>
void fields(Codec& codec, T& transaction) {
  codec.text("reference_no", transaction.reference_no);
  codec.text("partner", transaction.partner);
  codec.text("external_id", transaction.external_id);
  codec.text("partner_reference_no", transaction.partner_reference_no);
  codec.text("merchant_id", transaction.merchant_id);
  codec.choice("kind", transaction.kind, payment::kKinds.back());
  codec.choice("state", transaction.state, payment::kStates.back());
  codec.number("amount", transaction.amount.hundredths);
  codec.text("currency", transaction.amount.currency);
  codec.time("created_at", transaction.created_at);
  codec.time("expires_at", transaction.expires_at);
  codec.time("changed_at", transaction.changed_at);
  codec.optional_time("paid_at", transaction.paid_at);
  codec.optional_time("refunded_at", transaction.refunded_at);
  codec.text("refund_no", transaction.refund_no);
  codec.text("details", transaction.details);
  codec.text("trx_id", transaction.trx_id);
  codec.text("partner_service_id", transaction.partner_service_id);
  codec.text("customer_no", transaction.customer_no);
  codec.text("virtual_account_no", transaction.virtual_account_no);
  codec.text("virtual_account_name", transaction.virtual_account_name);
}

template <class Codec, class T, class OfTransaction>
void fields(Codec& codec, T& event, OfTransaction& transaction) {
  codec.time("at", event.at);
  codec.choice("action", event.action, payment::kActions.back());
  codec.byte("service", event.call.service);
  codec.text("external_id", event.call.external_id);
  codec.bytes("fingerprint", event.call.fingerprint);
  codec.text("request", event.call.request);
  codec.text("action_no", event.action_no);
  codec.text("partner_action_no", event.partner_action_no);
  codec.byte("rendering", event.rendering);
  fields(codec, transaction);
}

template <class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, NotFoundYet>
void fields(Codec& codec, T& record) {
  codec.time("at", record.at);
  codec.time("until", record.until);
  codec.text("partner", record.partner);
  codec.byte("service", record.service);
  codec.text("external_id", record.external_id);
  codec.text("trx_id", record.trx_id);
}

template <class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, TimeMark>
void fields(Codec& codec, T& record) {
  codec.time("at", record.at);
}

class Encoder {
 public:
  explicit Encoder(std::vector<std::uint8_t>& out) : out_(out) {}

  void byte(const char*, std::uint8_t value) { out_.push_back(value); }

  template <class Enum>
  void choice(const char* name, Enum value, Enum) {
    byte(name, static_cast<std::uint8_t>(value));
  }

  void number(const char* name, std::int64_t value) {
    std::array<std::uint8_t, 8> little;
    boost::endian::store_little_s64(little.data(), value);
    bytes(name, little);
  }

  void time(const char* name, Time value) { number(name, value.time_since_epoch().count()); }

  void optional_time(const char* name, const std::optional<Time>& value) {
    byte(name, value ? 1 : 0);
    if (value) time(name, *value);
  }

  void text(const char*, std::string_view value) { append_text(value, out_); }

  template <std::size_t N>
  void bytes(const char*, const std::array<std::uint8_t, N>& value) {
    out_.insert(out_.end(), value.begin(), value.end());
  }

 private:
  std::vector<std::uint8_t>& out_;
};

// Keeps the first error and reads nothing after it.
class Decoder {
 public:
  explicit Decoder(std::span<const std::uint8_t> in) : in_(in) {}

  void byte(const char* name, std::uint8_t& value) {
    if (const auto taken = take(name, 1); !taken.empty()) value = taken[0];
  }

  template <class Enum>
  void choice(const char* name, Enum& value, Enum last) {
    std::uint8_t raw = 0;
    byte(name, raw);
    if (raw > static_cast<std::uint8_t>(last)) return fail(name, fmt::format("no choice {}", raw));
    value = static_cast<Enum>(raw);
  }

  void number(const char* name, std::int64_t& value) {
    if (const auto taken = take(name, 8); !taken.empty())
      value = boost::endian::load_little_s64(taken.data());
  }

  void time(const char* name, Time& value) {
    std::int64_t micros = 0;
    number(name, micros);
    value = Time(std::chrono::microseconds(micros));
  }

  void optional_time(const char* name, std::optional<Time>& value) {
    std::uint8_t given = 0;
    byte(name, given);
    if (given > 1) return fail(name, fmt::format("{} where 0 or 1 belongs", given));
    if (given == 1) time(name, value.emplace());
  }

  void text(const char* name, std::string& value) {
    const auto taken = take(name, length(name));
    value.assign(reinterpret_cast<const char*>(taken.data()), taken.size());
  }

  template <std::size_t N>
  void bytes(const char* name, std::array<std::uint8_t, N>& value) {
    if (const auto taken = take(name, N); !taken.empty())
      std::copy(taken.begin(), taken.end(), value.begin());
  }

  void fail(const char* name, std::string_view what) {
    if (error_.empty()) error_ = fmt::format("{} at byte {}: {}", name, at_, what);
  }

  // Ends the decoding: the error, also where bytes are left over.
  const std::string& finish() {
    if (at_ != in_.size()) fail("end", fmt::format("{} bytes too many", in_.size() - at_));
    return error_;
  }

 private:
  std::span<const std::uint8_t> take(const char* name, std::uint64_t count) {
    if (!error_.empty()) return {};
    if (count > in_.size() - at_) {
      fail(name, fmt::format("{} bytes, but {} are left", count, in_.size() - at_));
      return {};
    }
    const auto taken = in_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }

  std::uint64_t length(const char* name) {
    constexpr int kBitsMax = 35;
    std::uint64_t value = 0;
    for (int shift = 0; shift < kBitsMax; shift += 7) {
      const auto taken = take(name, 1);
      if (taken.empty()) return 0;
      value |= static_cast<std::uint64_t>(taken[0] & 0x7F) << shift;
      if (taken[0] < 0x80) {
        if (taken[0] == 0 && shift != 0) fail(name, "length with a needless byte");
        return value;
      }
    }
    fail(name, "length of more than five bytes");
    return 0;
  }

  std::span<const std::uint8_t> in_;
  std::size_t at_ = 0;
  std::string error_;
};

Record decode_event(Decoder& decoder) {
  auto event = std::make_shared<Event>();
  auto transaction = std::make_shared<Transaction>();
  fields(decoder, *event, *transaction);
  if (event->rendering == 0 || event->rendering > payment::kRendering)
    decoder.fail("rendering", fmt::format("version {} is unknown", event->rendering));
  event->transaction = std::move(transaction);
  return EventPtr(std::move(event));
}

template <class T>
Record decode_plain(Decoder& decoder) {
  T record;
  fields(decoder, record);
  return record;
}

Record decode_body(Decoder& decoder, std::uint8_t type) {
  switch (static_cast<Type>(type)) {
    case Type::Event:
      return decode_event(decoder);
    case Type::NotFoundYet:
      return decode_plain<NotFoundYet>(decoder);
    case Type::TimeMark:
      return decode_plain<TimeMark>(decoder);
  }
  decoder.fail("type", fmt::format("{} is no record's", type));
  return TimeMark{};
}

struct Encode {
  Encoder& encoder;

  void operator()(const EventPtr& event) const {
    encoder.choice("type", Type::Event, Type::TimeMark);
    fields(encoder, *event, *event->transaction);
  }
  void operator()(const NotFoundYet& record) const {
    encoder.choice("type", Type::NotFoundYet, Type::TimeMark);
    fields(encoder, record);
  }
  void operator()(const TimeMark& record) const {
    encoder.choice("type", Type::TimeMark, Type::TimeMark);
    fields(encoder, record);
  }
};

}  // namespace

void append_text(std::string_view text, std::vector<std::uint8_t>& out) {
  std::size_t length = text.size();
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<std::uint8_t>(length | 0x80));
  out.push_back(static_cast<std::uint8_t>(length));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  out.insert(out.end(), bytes, bytes + text.size());
}

void encode(const Transaction& transaction, std::vector<std::uint8_t>& out) {
  Encoder encoder(out);
  fields(encoder, transaction);
}

std::expected<payment::TransactionPtr, std::string> decode_transaction(
    std::span<const std::uint8_t> bytes) {
  Decoder decoder(bytes);
  auto transaction = std::make_shared<Transaction>();
  fields(decoder, *transaction);
  if (const std::string& error = decoder.finish(); !error.empty()) return std::unexpected(error);
  return transaction;
}

void encode(const Record& record, std::vector<std::uint8_t>& out) {
  Encoder encoder(out);
  encoder.byte("format", kRecordFormat);
  std::visit(Encode{encoder}, record);
}

std::expected<Record, std::string> decode(std::span<const std::uint8_t> bytes) {
  Decoder decoder(bytes);
  std::uint8_t format = 0;
  std::uint8_t type = 0;
  decoder.byte("format", format);
  if (format != kRecordFormat)
    decoder.fail("format", fmt::format("{}, but this program knows {}", format, kRecordFormat));
  decoder.byte("type", type);
  Record record = decode_body(decoder, type);
  if (const std::string& error = decoder.finish(); !error.empty()) return std::unexpected(error);
  return record;
}

}  // namespace batal::ledger
