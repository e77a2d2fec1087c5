// Fuzzed: the snapshot of live transactions, in one of three ways, as the last byte says, for a
// reading takes a megabyte. As bytes; as bytes with lengths that fit and CRCs that hold, so that
// what stands behind those is reached; and as the ledger makes it, each from the one before and the
// records after it, and then bytes of it are damaged.
//
// Asserted: a reader gets the whole entries before the first broken one, and the head only where
// none is broken, as a slow and obviously right reader does; a start takes their transactions, each
// in its one form, or says LedgerError; and what the ledger makes holds the live transactions with
// their newest events, and nothing else.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <spdlog/spdlog.h>
#include <boost/endian/conversion.hpp>

#include "fuzz/require.h"
#include "ledger/embedded/image/image.h"
#include "ledger/embedded/keeping/snapshot.h"
#include "ledger/embedded/log/crc32c.h"
#include "ledger/embedded/log/ledger_error.h"
#include "ledger/embedded/log/record_codec.h"
#include "ledger/simulated_disk.h"

namespace batal::fuzz {
namespace {

using boost::endian::load_little_s64;
using boost::endian::load_little_u32;
using boost::endian::load_little_u64;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;
using ledger::Bytes;
using ledger::Link;
using payment::Time;
using payment::Transaction;

constexpr std::size_t kHeadBytes = 64;
constexpr std::size_t kEntryHeadBytes = 48;
const ledger::Path kFolder = "/ledger";
const ledger::Path kFile = kFolder / ledger::kSnapshotName;

struct Entry {
  Link newest;
  Bytes encoded;

  bool operator==(const Entry&) const = default;
};

struct Read {
  std::optional<ledger::SnapshotHead> head;
  std::vector<Entry> entries;  // that were given
};

Read read(ledger::FileDoor& disk, const ledger::LedgerId& of) {
  Read read;
  read.head = read_snapshot(disk, kFolder, of, [&](const Link& newest, auto encoded) {
    read.entries.push_back({newest, {encoded.begin(), encoded.end()}});
  });
  return read;
}

// The whole entry that begins with these bytes; nothing where there is none.
std::optional<Entry> slow_entry(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kEntryHeadBytes) return std::nullopt;
  const std::size_t length = load_little_u32(&bytes[4]);
  if (length > bytes.size() - kEntryHeadBytes) return std::nullopt;
  bytes = bytes.first(kEntryHeadBytes + length);
  if (load_little_u32(bytes.data()) != ledger::crc32c(bytes.subspan(4))) return std::nullopt;
  Entry entry{{{load_little_u32(&bytes[8]), load_little_u32(&bytes[12])}, {}}, {}};
  std::ranges::copy(bytes.subspan(16, entry.newest.mac.size()), entry.newest.mac.begin());
  entry.encoded.assign(bytes.begin() + kEntryHeadBytes, bytes.end());
  return entry;
}

Read slow_read(std::span<const std::uint8_t> file, const ledger::LedgerId& of) {
  if (file.size() < kHeadBytes || !std::ranges::equal(file.first(8), std::string_view("BATALIVE")))
    return {};
  if (load_little_u32(&file[8]) != 1 || !std::ranges::equal(file.subspan(16, of.size()), of) ||
      load_little_u32(&file[60]) != ledger::crc32c(file.first(60)))
    return {};
  Read read;
  std::size_t at = kHeadBytes;
  for (std::uint64_t left = load_little_u64(&file[40]); left > 0; --left) {
    auto entry = slow_entry(file.subspan(at));
    if (!entry) return read;
    at += kEntryHeadBytes + entry->encoded.size();
    read.entries.push_back(*std::move(entry));
  }
  read.head = {.ledger = of,
               .through = load_little_u32(&file[12]),
               .last_at = Time(std::chrono::microseconds(load_little_s64(&file[32]))),
               .count = read.entries.size()};
  return read;
}

void require_same(const ledger::SnapshotHead& one, const ledger::SnapshotHead& other) {
  require(one.ledger == other.ledger && one.through == other.through &&
              one.last_at == other.last_at && one.count == other.count,
          "a head is read as it stands there");
}

// What a start does with them.
void check_load(const std::vector<Entry>& entries) {
  static const auto hash = ledger::key_hash({1, 2, 3});
  const auto read_log = [](ledger::Position) -> ledger::StoredRecord {
    throw ledger::LedgerError("there is no log");
  };
  ledger::Image image(read_log, hash);
  for (const Entry& entry : entries) {
    const auto transaction = ledger::decode_transaction(entry.encoded);
    try {
      image.load_live(entry.encoded, entry.newest);
      require(transaction.has_value(), "what is no transaction is refused");
    } catch (const ledger::LedgerError&) {
      require(!transaction && !transaction.error().empty(), "a transaction is taken");
      return;
    }
    Bytes again;
    ledger::encode(**transaction, again);
    require(again == entry.encoded, "a transaction has one form");
  }
  try {
    image.due(Time::max());
  } catch (const ledger::LedgerError&) {  // a large one is read from the log
  }
}

ledger::LedgerId id_in(std::span<const std::uint8_t> file) {
  ledger::LedgerId id{};
  if (file.size() >= kHeadBytes) std::ranges::copy(file.subspan(16, id.size()), id.begin());
  return id;
}

// A reading by the ledger that a file names, against the slow one.
void check_file(const Bytes& file) {
  const ledger::LedgerId of = id_in(file);
  ledger::SimulatedDisk disk;
  disk.put(kFile, file);
  const Read expected = slow_read(file, of), found = read(disk, of);
  require(found.entries == expected.entries, "whole entries are given, and no others");
  require(found.head.has_value() == expected.head.has_value(), "a snapshot is whole or nothing");
  if (found.head) require_same(*found.head, *expected.head);
  check_load(found.entries);
}

// With lengths that fit, CRCs that hold, and a count that is right or one too many.
Bytes mended(Bytes file) {
  constexpr std::uint32_t kLengthMax = 1 << 10;
  file.resize(std::max(file.size(), kHeadBytes));
  std::uint64_t count = file[40] % 2;
  std::size_t end = 0;
  for (std::size_t at = kHeadBytes; file.size() - at >= kEntryHeadBytes; at = end, ++count) {
    const auto left = static_cast<std::uint32_t>(file.size() - at - kEntryHeadBytes);
    const std::uint32_t length = std::min(load_little_u32(&file[at + 4]) % kLengthMax, left);
    end = at + kEntryHeadBytes + length;
    store_little_u32(&file[at + 4], length);
    store_little_u32(&file[at], ledger::crc32c(std::span(file).subspan(at + 4, end - at - 4)));
  }
  std::ranges::copy(std::string_view("BATALIVE"), file.begin());
  store_little_u32(&file[8], 1);
  store_little_u64(&file[40], count);
  store_little_u32(&file[60], ledger::crc32c(std::span(file).first(60)));
  return file;
}

// A few transactions whose records come in segments, with a snapshot after each of them.
class Story {
 public:
  explicit Story(FuzzedDataProvider& input) : input_(input) {}

  void tell() {
    last_at_ = time();
    has_long_ = input_.ConsumeIntegralInRange(0, 63) == 63;
    const auto segments = input_.ConsumeIntegralInRange<std::uint32_t>(1, 3);
    for (segment_ = 1; segment_ <= segments; ++segment_) {
      tail_.clear();
      for (int records = input_.ConsumeIntegralInRange(0, 6); records > 0; --records) add();
      require(snap(), "the one before is whole");
    }
    check({.ledger = kLedger, .through = segments, .last_at = last_at_, .count = live_.size()});
  }

  // The last one, with some of its bytes damaged.
  Bytes damaged() {
    Bytes file = disk_.content(kFile);
    for (int changes = input_.ConsumeIntegralInRange(0, 4); changes > 0; --changes)
      file[input_.ConsumeIntegralInRange<std::size_t>(0, file.size() - 1)] =
          input_.ConsumeIntegral<std::uint8_t>();
    if (input_.ConsumeBool())
      file.resize(input_.ConsumeIntegralInRange<std::size_t>(0, file.size()));
    return file;
  }

 private:
  // As the log tells it.
  struct Told {
    ledger::StoredRecord stored;
    ledger::Position position;
  };

  Time time() { return Time(std::chrono::microseconds(input_.ConsumeIntegral<std::int64_t>())); }

  std::string details() {
    constexpr std::size_t kPieceBytes = 1 << 20;  // of a snapshot at once: entries cross its end
    if (!std::exchange(has_long_, false)) return input_.ConsumeRandomLengthString(400);
    return std::string(kPieceBytes - input_.ConsumeIntegralInRange<std::size_t>(0, 400), 'd');
  }

  void add() {
    const ledger::Position position{segment_, static_cast<std::uint32_t>(tail_.size() * 8)};
    if (input_.ConsumeIntegralInRange(0, 7) == 7)
      return tail_.push_back({{.record = payment::TimeMark{time()}, .previous = {}}, position});
    auto event = std::make_shared<payment::Event>();
    auto transaction = std::make_shared<Transaction>();
    const auto name = fmt::format("R-{}", input_.ConsumeIntegralInRange(0, 3));
    transaction->reference_no = name;
    transaction->state = input_.PickValueInArray(payment::kStates);
    transaction->expires_at = time();
    if (input_.ConsumeBool()) transaction->paid_at = time();
    transaction->details = details();
    event->transaction = transaction;

    Link& newest = newest_[name];
    ledger::StoredRecord stored{.record = event, .previous = newest.position};
    stored.mac.fill(input_.ConsumeIntegral<std::uint8_t>());
    newest = {position, stored.mac};
    live_.erase(name);
    if (is_live(transaction->state)) {
      Bytes encoded;
      ledger::encode(*transaction, encoded);
      live_[name] = {newest, std::move(encoded)};
    }
    tail_.push_back({std::move(stored), position});
  }

  bool snap() {
    const ledger::SnapshotHead head{
        .ledger = kLedger, .through = segment_, .last_at = last_at_, .count = 0};
    return make_snapshot(disk_, kFolder, head, segment_ > 1, [&](const auto& each) {
      for (const Told& told : tail_) each(told.stored, told.position);
    });
  }

  void check(const ledger::SnapshotHead& head) {
    const Read found = read(disk_, kLedger);
    require(found.head.has_value(), "what is written is whole");
    require_same(*found.head, head);
    std::map<std::string, Entry> held;
    for (const Entry& entry : found.entries) {
      const auto transaction = ledger::decode_transaction(entry.encoded);
      require(transaction && held.emplace((*transaction)->reference_no, entry).second,
              "a live transaction stands in a snapshot once");
    }
    require(held == live_, "a snapshot is the live transactions");
  }

  static constexpr ledger::LedgerId kLedger{7};

  FuzzedDataProvider& input_;
  ledger::SimulatedDisk disk_;
  Time last_at_{};
  bool has_long_ = false;
  std::uint32_t segment_ = 1;
  std::vector<Told> tail_;              // of the present segment
  std::map<std::string, Link> newest_;  // by reference number
  std::map<std::string, Entry> live_;
};

}  // namespace
}  // namespace batal::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spdlog::set_level(spdlog::level::off);  // each damaged one is a warning
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  FuzzedDataProvider input(data, size);
  switch (input.ConsumeIntegralInRange(0, 2)) {
    case 0:
      fuzz::check_file(input.ConsumeRemainingBytes<std::uint8_t>());
      break;
    case 1:
      fuzz::check_file(fuzz::mended(input.ConsumeRemainingBytes<std::uint8_t>()));
      break;
    default:
      fuzz::Story story(input);
      story.tell();
      fuzz::check_file(story.damaged());
  }
  return 0;
}
