#include "payment/keys.h"

#include <gtest/gtest.h>

#include "payment/samples.h"

namespace batal::payment {
namespace {

using namespace samples;

using By = Key::By;
using Names = std::vector<std::string>;

// "call 54 alpha X-a", "reference alpha R-a": a key in one line.
std::string text_of(const Key& key) {
  static constexpr std::array<std::string_view, 4> kBy{"reference", "call", "trxId", "number"};
  std::string text(kBy.at(static_cast<std::size_t>(key.by)));
  if (key.by == By::Call || key.service != 0) text += " " + std::to_string(key.service);
  return text + " " + std::string(key.partner) + " " + std::string(key.id);
}

std::string text_of(const std::optional<Key>& key) {
  return key ? text_of(*key) : "none";
}

Names texts_of(const auto& keys) {
  Names texts;
  for (const Key& key : keys) texts.push_back(text_of(key));
  return texts;
}

struct CommandCase {
  std::string what;
  Command command;
  std::string identity;
  Names transaction{};
  std::string trx_id = "none";
  std::string va_number = "none";
};

Command without_kind(Command command) {
  command.kind.reset();
  return command;
}

Command unnamed(Command command) {
  command.target.reference_no.clear();
  return command;
}

Command with_external_id(Command command, const std::string& external_id) {
  command.target.external_id = external_id;
  return command;
}

constexpr Kind kVa = Kind::VirtualAccount;

const std::vector<CommandCase> kCommandCases = {
    {"create debit", create(Kind::Debit, "a"), "call 54 alpha X-a"},
    {"create qris", create(Kind::Qris, "a"), "call 47 alpha X-a"},
    {"create hold", create(Kind::Hold, "a"), "call 63 alpha X-a"},
    {"create va",
     create(kVa, "a"),
     "call 27 alpha X-a",
     {},
     "trxId alpha T-a",
     "number alpha    1234577a"},

    {"cancel debit", cancel(Kind::Debit, "a"), "call 57 alpha C-a", {"reference alpha R-a"}},
    {"cancel qris", cancel(Kind::Qris, "a"), "call 77 alpha C-a", {"reference alpha R-a"}},
    {"cancel hold", cancel(Kind::Hold, "a"), "call 67 alpha C-a", {"reference alpha R-a"}},
    {"cancel debit by creation",
     cancel_by_creation(Kind::Debit, "a"),
     "call 57 alpha C-a",
     {"call 54 alpha X-a"}},
    {"cancel qris by creation",
     cancel_by_creation(Kind::Qris, "a"),
     "call 77 alpha C-a",
     {"call 47 alpha X-a"}},
    {"cancel hold by creation",
     cancel_by_creation(Kind::Hold, "a"),
     "call 67 alpha C-a",
     {"call 63 alpha X-a"}},
    {"cancel va by trxId", cancel_by_creation(kVa, "a"), "call 31 alpha C-a", {"trxId alpha T-a"}},
    {"a reference number given beside an external id identifies alone",
     with_external_id(cancel(Kind::Debit, "a"), "X-b"),
     "call 57 alpha C-a",
     {"reference alpha R-a"}},

    {"capture", capture("a"), "call 65 alpha K-a", {"reference alpha R-a"}},
    {"capture by creation",
     with_external_id(unnamed(capture("a")), "X-a"),
     "call 65 alpha K-a",
     {"call 63 alpha X-a"}},

    {"pay", provider(Action::Pay, "a"), "call 0 alpha pay-a", {"reference alpha R-a"}},
    {"fail", provider(Action::Fail, "a"), "call 0 alpha fail-a", {"reference alpha R-a"}},
    {"refund", provider(Action::Refund, "a"), "call 0 alpha refund-a", {"reference alpha R-a"}},
    {"expire", provider(Action::Expire, "a"), "call 0 alpha expire-a", {"reference alpha R-a"}},
    {"sweep", sweep("a"), "none", {"reference alpha R-a"}},

    {"query", query(Kind::Debit, "a"), "none", {"reference alpha R-a"}},
    {"query debit by external id",
     query_by_external_id(Kind::Debit, "E"),
     "none",
     {"call 54 alpha E", "call 57 alpha E"}},
    {"query qris by external id",
     query_by_external_id(Kind::Qris, "E"),
     "none",
     {"call 47 alpha E", "call 77 alpha E"}},
    {"query hold by external id",
     query_by_external_id(Kind::Hold, "E"),
     "none",
     {"call 63 alpha E", "call 67 alpha E", "call 65 alpha E"}},
    {"query va by inquiry id",
     query_by_external_id(kVa, "E"),
     "none",
     {"trxId alpha E", "call 27 alpha E", "call 31 alpha E"}},

    {"an external id without a kind names nothing",
     without_kind(cancel_by_creation(Kind::Debit, "a")),
     "call 57 alpha C-a",
     {}},
};

TEST(Keys, OfEveryKindOfCommand) {
  for (const CommandCase& expected : kCommandCases) {
    const Keys keys = keys_of(expected.command);
    EXPECT_EQ(text_of(keys.identity), expected.identity) << expected.what;
    EXPECT_EQ(texts_of(keys.transaction), expected.transaction) << expected.what;
    EXPECT_EQ(text_of(keys.trx_id), expected.trx_id) << expected.what;
    EXPECT_EQ(text_of(keys.va_number), expected.va_number) << expected.what;
  }
}

Record event_of(Kind kind, const Command& command) {
  return event(command, created(kind, "a"));
}

struct RecordCase {
  std::string what;
  Record record;
  Names keys;
};

std::vector<RecordCase> record_cases() {
  const std::string reference = "reference alpha R-a";
  return {
      {"debit created",
       event_of(Kind::Debit, create(Kind::Debit, "a")),
       {reference, "call 54 alpha X-a"}},
      {"qris created",
       event_of(Kind::Qris, create(Kind::Qris, "a")),
       {reference, "call 47 alpha X-a"}},
      {"hold created",
       event_of(Kind::Hold, create(Kind::Hold, "a")),
       {reference, "call 63 alpha X-a"}},
      {"va created",
       event_of(kVa, create(kVa, "a")),
       {reference, "call 27 alpha X-a", "trxId alpha T-a", "number alpha    1234577a"}},
      {"debit cancelled",
       event_of(Kind::Debit, cancel(Kind::Debit, "a")),
       {reference, "call 57 alpha C-a"}},
      {"va cancelled", event_of(kVa, cancel(kVa, "a")), {reference, "call 31 alpha C-a"}},
      {"hold captured", event_of(Kind::Hold, capture("a")), {reference, "call 65 alpha K-a"}},
      {"qris paid",
       event_of(Kind::Qris, provider(Action::Pay, "a")),
       {reference, "call 0 alpha pay-a"}},
      {"va swept", event_of(kVa, sweep("a")), {reference}},
      {"creation not found yet",
       NotFoundYet{.partner = kPartner, .service = 54, .external_id = "X-a"},
       {"call 54 alpha X-a"}},
      {"va not found yet", NotFoundYet{.partner = kPartner, .trx_id = "T-a"}, {"trxId alpha T-a"}},
      {"time mark", TimeMark{kStart}, {}},
  };
}

TEST(Keys, OfEveryKindOfRecord) {
  for (const RecordCase& expected : record_cases()) {
    EXPECT_EQ(texts_of(keys_of(expected.record)), expected.keys) << expected.what;
  }
}

TEST(Keys, StartWithThePartner) {
  for (const CommandCase& each : kCommandCases) {
    Command command = each.command;
    command.partner = "beta";
    const Keys keys = keys_of(command);
    std::vector<Key> all(keys.transaction.begin(), keys.transaction.end());
    for (const auto& key : {keys.identity, keys.trx_id, keys.va_number}) {
      if (key) all.push_back(*key);
    }
    for (const Key& key : all) EXPECT_EQ(key.partner, "beta") << each.what;
  }
}

}  // namespace
}  // namespace batal::payment
