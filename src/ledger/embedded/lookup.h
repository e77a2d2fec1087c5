// Looks up keys in sealed segments, on a thread of its own, so that the ledger's thread never waits
// for the index or for records that only the disk remembers.
//
// Questions are answered in the order in which they were asked. An answer is what the segments of
// the index tell; what newer ones say of the same key is the asker's to know (image.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "ledger/embedded/image/image.h"
#include "ledger/embedded/index/index.h"
#include "ledger/embedded/keeping/keeper.h"
#include "ledger/embedded/log/frame_reader.h"

namespace batal::ledger {

// Owned by the asker, who leaves it alone until it comes back.
struct Question {
  CommandKeys keys;           // may be none: then it only keeps its place in the order
  std::uint32_t through = 0;  // the segments that the index must cover

  LookedUpKeys answers;  // one for each key
  bool failed = false;   // index or record could not be read: nothing is known
};

class Lookup {
 public:
  // `answered` is called on the look-up's thread whenever there is something to take: so many
  // answers at least, or all that was asked. All given must live longer. Starts its thread.
  Lookup(FileDoor& door, Path folder, Path index_file, const KeyHash& hash, Keeper& keeper,
         std::size_t answers_together, std::function<void()> answered);
  ~Lookup();  // stops

  void ask(std::span<Question* const> questions);

  // Moves what is answered to the end of `out`, in the order of asking.
  void take(std::vector<Question*>& out);

  // Ends the thread; what is not answered never is. The keeper may have to be stopped before.
  void stop();

 private:
  void run();
  void answer(Question& question);
  void look_up(Question& question);
  LookedUp look_up(const payment::Key& key);
  struct Found {
    Position position;
    StoredRecord stored;
  };
  std::optional<Found> newest(const payment::Key& key);
  std::optional<StoredRecord> read(Position position);
  bool is_pruned(std::uint32_t segment) const;

  FileDoor& door_;
  const Path folder_;
  const Path index_file_;
  const KeyHash& hash_;
  Keeper& keeper_;
  const std::size_t answers_together_;
  const std::function<void()> answered_;
  FrameReader frames_;
  std::optional<IndexReader> reader_;
  Indexed indexed_;  // what reader_ reads
  std::optional<std::chrono::steady_clock::time_point> failing_since_;
  std::vector<Position> positions_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Question*> asked_;
  std::vector<Question*> done_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace batal::ledger
