// Fuzzed: what happens to the index's files. A small index is made once in a process, its files
// kept as they were at some moments. The input says which file and which write-ahead log come
// together, which of their bytes and pages are changed, what else SQL changes, and how many
// segments are added afterwards.
//
// Asserted: whatever is opened, asked and added to then is right or says IndexError: it knows the
// facts of the segments up to some one, finds the positions of their keys, all of them and no
// others, and nothing under the hash of a stranger, even of one that the filters let pass. After an
// IndexError the index can be removed and made anew.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sodium.h>
#include <sqlite3.h>

#include "fuzz/require.h"
#include "ledger/embedded/index/index.h"
#include "ledger/embedded/index/sqlite.h"
#include "support/temp_folder.h"

namespace batal::fuzz {
namespace {

using ledger::Index;
using ledger::IndexEntry;
using ledger::IndexError;
using ledger::Position;

constexpr ledger::LedgerId kOurs{1, 2, 3};
constexpr std::size_t kPieceBytes = 16 << 10;  // so that the log is copied often
constexpr std::size_t kPageBytes = 4096;
constexpr std::uint32_t kSegments = 20;

// The same in each process: salts, and with them the places of all that follows.
void draw_the_same_numbers() {
  static randombytes_implementation kSame{
      .implementation_name = [] { return "the same"; },
      .random = [] { return std::uint32_t{7}; },
      .stir = nullptr,
      .uniform = nullptr,
      .buf = [](void* into, std::size_t bytes) { std::memset(into, 7, bytes); },
      .close = nullptr};
  randombytes_set_implementation(&kSame);
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 7, nullptr);
}

// In memory: a disk would be too slow.
struct Folder {
  testing::TempFolder folder{"/dev/shm"};
  const ledger::Path file = folder / "index";
};

struct Segment {
  ledger::SegmentFacts facts;
  std::vector<IndexEntry> entries;
};

// What an index is made of, and asked for.
class Keys {
 public:
  Keys() {
    for (int more = 0; more < 4; ++more) common_.push_back(dice_());
    while (segments_.size() < kSegments) segments_.push_back(make_up());
    asked_ = common_;
    for (const Segment& segment : segments_)
      for (std::size_t at = 0; at < segment.entries.size(); at += 24)
        asked_.push_back(segment.entries[at].hash);
  }

  void add_to(Index& index) const {
    const Segment& segment = segments_[index.facts().size()];
    index.add(segment.facts, segment.entries);
  }

  // Strangers that the filters take for members.
  void find_strangers(const ledger::Sealed& sealed) {
    for (int found = 0; found < 6;) {
      const std::uint64_t hash = dice_();
      if (!sealed.may_contain(hash)) continue;
      asked_.push_back(hash);
      ++found;
    }
  }

  void check(const Index& index, const ledger::Path& file) const {
    const auto sealed = index.sealed();
    const auto& facts = index.facts();
    require(facts.size() == sealed->through && facts.size() <= kSegments, "known segments only");
    for (std::size_t at = 0; at < facts.size(); ++at) {
      require(facts[at] == segments_[at].facts, "facts are those that were added");
      for (const IndexEntry& entry : segments_[at].entries)
        require(sealed->may_contain(entry.hash), "no filter denies a member");
    }
    ledger::IndexReader reader(file);
    std::vector<Position> found;
    for (const std::uint64_t hash : asked_) {
      found.clear();
      reader.find(*sealed, hash, found);
      require(found == positions(hash, sealed->through), "a hash is at its positions");
    }
  }

 private:
  Segment make_up() {
    const auto number = static_cast<std::uint32_t>(segments_.size() + 1);
    Segment segment{{.number = number, .records = dice_(), .end = dice_()}, {}};
    if (number % 6 == 5) return segment;
    for (std::uint32_t offset = 0; offset < 48; ++offset) {
      const std::uint64_t hash = offset < 5 ? common_[dice_() % common_.size()] : dice_();
      segment.entries.push_back({hash, {number, offset}});
    }
    std::ranges::sort(segment.entries);
    return segment;
  }

  // The newest first.
  std::vector<Position> positions(std::uint64_t hash, std::uint32_t through) const {
    std::vector<Position> found;
    for (const Segment& segment : std::span(segments_).first(through)) {
      const auto same = std::ranges::equal_range(segment.entries, hash, {}, &IndexEntry::hash);
      for (const IndexEntry& entry : same) found.push_back(entry.position);
    }
    std::ranges::reverse(found);
    return found;
  }

  std::mt19937_64 dice_{1};
  std::vector<std::uint64_t> common_{0, 1, std::uint64_t{1} << 63, ~std::uint64_t{0}};
  std::vector<Segment> segments_;
  std::vector<std::uint64_t> asked_;
};

// The files of an index at some moment.
struct Moment {
  std::string file;
  std::string log;
};

void put(const Moment& moment, const testing::TempFolder& folder) {
  folder.write("index", moment.file);
  if (!moment.log.empty()) folder.write("index-wal", moment.log);
}

// A column of a table of the index, and what tells its rows from each other.
struct Column {
  std::string table;
  std::string name;
  std::string key;
};

struct World {
  World() {
    draw_the_same_numbers();
    const Folder folder;
    std::optional<Index> index(std::in_place, folder.file, kOurs, kPieceBytes);
    ledger::SealedPtr held;  // for a while, so that runs stay that were merged
    while (index->facts().size() < 12) {
      keys.add_to(*index);
      const std::size_t segments = index->facts().size();
      if (segments == 4) held = index->sealed();
      if (segments == 10) held.reset();
      if (segments == 1 || segments >= 7)
        moments.push_back({folder.folder.read("index"), folder.folder.read("index-wal")});
    }
    keys.find_strangers(*index->sealed());
    index.reset();
    moments.push_back({folder.folder.read("index"), ""});

    ledger::Database database(folder.file, ledger::Database::Use::Reading);
    ledger::Statement select(database,
                             "SELECT t.name, c.name, CASE t.name WHEN 'sqlite_schema' THEN 'rowid'"
                             " ELSE (SELECT name FROM pragma_table_info(t.name)) END"
                             " FROM (SELECT name FROM sqlite_schema WHERE type = 'table'"
                             " UNION ALL SELECT 'sqlite_schema') t, pragma_table_info(t.name) c");
    const auto text = [](const ledger::Row& row, int column) {
      const auto bytes = row.bytes(column);
      return std::string(bytes.begin(), bytes.end());
    };
    for (auto row = select.rows(); row; row.next())
      columns.push_back({text(row, 0), text(row, 1), text(row, 2)});
  }

  Keys keys;
  std::vector<Moment> moments;
  std::vector<Column> columns;
};

const World& world() {
  static const World kWorld;
  return kWorld;
}

// Changes files as the input says.
class Damage {
 public:
  explicit Damage(FuzzedDataProvider& input) : input_(input) {}

  void put(const testing::TempFolder& folder) {
    std::string file = any(world().moments).file;
    std::string log = input_.ConsumeBool() ? any(world().moments).log : "";
    for (int changes = input_.ConsumeIntegralInRange(0, 3); changes > 0; --changes)
      change(log.empty() || input_.ConsumeIntegralInRange(0, 3) > 0 ? file : log);
    fuzz::put({std::move(file), std::move(log)}, folder);
  }

  // What SQL does not take is no change.
  void change_rows(const ledger::Path& file) {
    const int changes = input_.ConsumeIntegralInRange(0, 2);
    if (changes == 0) return;
    try {
      ledger::Database database(file, ledger::Database::Use::Writing);
      database.run("PRAGMA writable_schema = ON");
      for (int left = changes; left > 0; --left) database.run(statement().c_str());
    } catch (const IndexError&) {
    }
  }

 private:
  template <class T>
  const T& any(const std::vector<T>& values) {
    return values[input_.ConsumeIntegralInRange<std::size_t>(0, values.size() - 1)];
  }

  std::size_t page(const std::string& bytes) {
    return input_.ConsumeIntegralInRange<std::size_t>(0, (bytes.size() - 1) / kPageBytes) *
           kPageBytes;
  }

  // Often in the head of a page.
  std::size_t place(const std::string& bytes) {
    const std::size_t end = input_.ConsumeBool() ? 100 : kPageBytes - 1;
    const std::size_t at = page(bytes) + input_.ConsumeIntegralInRange<std::size_t>(0, end);
    return std::min(at, bytes.size() - 1);
  }

  void change(std::string& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = place(bytes);
    switch (input_.ConsumeIntegralInRange(0, 4)) {
      case 0:
        bytes[at] = input_.ConsumeIntegral<char>();
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << input_.ConsumeIntegralInRange(0, 7));
        break;
      case 2: {
        const std::string others = input_.ConsumeRandomLengthString(64);
        bytes.replace(at, others.size(), others);
        break;
      }
      case 3: {  // a page of another time or place
        const std::string& other = any(world().moments).file;
        const std::size_t from = page(other);
        bytes.replace(page(bytes), kPageBytes, other, from, kPageBytes);
        break;
      }
      default:
        bytes.resize(at);
    }
  }

  std::string of_a_row(const std::string& column, const std::string& table) {
    return fmt::format("SELECT {} FROM {} LIMIT 1 OFFSET {}", column, table,
                       input_.ConsumeIntegralInRange(0, 12));
  }

  std::string statement() {
    const auto& [table, column, key] = any(world().columns);
    const std::string where = fmt::format("{} = ({})", key, of_a_row(key, table));
    switch (input_.ConsumeIntegralInRange(0, 2)) {
      case 0:
        return fmt::format("DELETE FROM {} WHERE {}", table, where);
      case 1:
        return fmt::format("INSERT OR REPLACE INTO {} {}", table,
                           of_a_row("*", any(world().columns).table));
      default:
        return fmt::format("UPDATE {} SET {} = ({}) WHERE {}", table, column,
                           value(column, of_a_row(column, table)), where);
    }
  }

  std::string value(const std::string& present, const std::string& of_other) {
    switch (input_.ConsumeIntegralInRange(0, 4)) {
      case 0:
        return fmt::format("{}", input_.ConsumeIntegral<std::int64_t>());
      case 1:
        return fmt::format("{} + {}", present, input_.ConsumeIntegral<std::int8_t>());
      case 2:
        return of_other;
      case 3:
        return fmt::format("zeroblob(length({}))", present);
      default:
        return "NULL";
    }
  }

  FuzzedDataProvider& input_;
};

void use(const ledger::Path& file, int segments) {
  Index index(file, kOurs, kPieceBytes);
  world().keys.check(index, file);
  if (segments == 0) return;
  for (; segments > 0 && index.facts().size() < kSegments; --segments) world().keys.add_to(index);
  world().keys.check(index, file);
}

}  // namespace
}  // namespace batal::fuzz

// What is not damaged must be taken.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace batal;
  for (const fuzz::Moment& moment : fuzz::world().moments) {
    const fuzz::Folder folder;
    fuzz::put(moment, folder.folder);
    fuzz::use(folder.file, fuzz::kSegments);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batal;
  fuzz::world();
  fuzz::draw_the_same_numbers();
  FuzzedDataProvider input(data, size);
  const fuzz::Folder folder;
  fuzz::Damage damage(input);
  damage.put(folder.folder);
  damage.change_rows(folder.file);
  try {
    fuzz::use(folder.file, input.ConsumeBool() ? input.ConsumeIntegralInRange(1, 9) : 0);
  } catch (const ledger::IndexError&) {
    ledger::Index::remove(folder.file);
    fuzz::use(folder.file, 1);
  }
  return 0;
}
