// A disk in memory that a test owns: every write, sync and rename of it, every failure, and what a
// power cut leaves.
//
// What is written is seen at once, but durable only after a sync of the file; a name only after a
// sync of its folder. crash() keeps of the rest what a seeded die decides: each unsynced write in
// whole, up to some byte, in any of its pages or not at all, and the changes of names up to some
// point. A sync that fails has kept some writes and lost the others for good: the next sync does
// not bring them back.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "ledger/embedded/log/file.h"

namespace batal::ledger {

class SimulatedDisk final : public FileDoor {
 public:
  explicit SimulatedDisk(std::uint64_t seed = 1) : die_(seed) {}

  // The call-th changing call from now on (write, sync, open for creating, rename, remove, sync of
  // a folder; 1 is the next) fails, and so do the following `times` - 1.
  void fail_at(std::uint64_t call, std::uint64_t times = 1) {
    const std::lock_guard lock(mutex_);
    fail_from_ = calls_ + call;
    fail_until_ = fail_from_ + times;
  }
  // The same for calls that read: opening for reading, reading, listing.
  void fail_reading_at(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    fail_reading_ = reading_calls_ + call;
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    fail_until_ = 0;
    fail_reading_ = 0;
    failed_ = false;
  }

  // Whether any call has failed that way since the last heal().
  bool has_failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }

  // A full disk: no file can be made and none can grow.
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }

  // No write takes more than this at once.
  void shorten_writes(std::size_t bytes_max) { write_bytes_max_ = bytes_max; }

  // Called before each sync of a segment.
  void on_segment_sync(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }

  // Called before each file is opened.
  void on_open(std::function<void(const Path&, OpenFor)> hook) {
    const std::lock_guard lock(mutex_);
    open_hook_ = std::move(hook);
  }

  // Whether any segment has bytes that no sync has covered.
  bool has_unsynced_segment() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(names_, [](const auto& entry) {
      return is_segment(entry.first) && !entry.second->unsynced.empty();
    });
  }

  // Where the newest write to a segment ended, in bytes.
  std::uint64_t written_to() const {
    const std::lock_guard lock(mutex_);
    return written_to_;
  }

  std::uint64_t reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

  // The power fails and comes back. All files must have been closed.
  void crash() {
    const std::lock_guard lock(mutex_);
    names_ = pending_names_.empty() || roll(2) == 0 ? durable_names_
                                                    : pending_names_[roll(pending_names_.size())];
    durable_names_ = names_;
    pending_names_.clear();
    for (auto& [path, node] : names_) {
      keep_some(*node);
      node->content = node->durable;
    }
  }

  bool has(const Path& path) const {
    const std::lock_guard lock(mutex_);
    return names_.contains(path.string());
  }

  Bytes content(const Path& path) const {
    const std::lock_guard lock(mutex_);
    return names_.at(path.string())->content;
  }

  // Puts a file there, durably.
  void put(const Path& path, Bytes content) {
    const std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->content = node->durable = std::move(content);
    durable_names_[path.string()] = node;
    names_[path.string()] = std::move(node);
  }
  void put(const Path& path, std::string_view text) { put(path, Bytes(text.begin(), text.end())); }

  Io<FilePtr> open(const Path& path, OpenFor purpose) override {
    if (const auto hook = open_hook()) hook(path, purpose);
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(path.string());
    if (purpose == OpenFor::Reading) {
      if (fails_reading()) return error(std::errc::io_error);
      if (found == names_.end()) return error(std::errc::no_such_file_or_directory);
      return std::make_unique<OpenFile>(*this, found->second);
    }
    if (fails()) return error(std::errc::io_error);
    if (full_) return error(std::errc::no_space_on_device);
    if (found != names_.end()) return error(std::errc::file_exists);
    auto node = std::make_shared<Node>();
    names_[path.string()] = node;
    pending_names_.push_back(names_);
    return std::make_unique<OpenFile>(*this, std::move(node));
  }

  Io<FilePtr> lock(const Path& path) override {
    const std::lock_guard lock(mutex_);
    auto& node = names_[path.string()];
    if (!node) node = std::make_shared<Node>();
    if (node->locked) return error(std::errc::resource_unavailable_try_again);
    node->locked = true;
    return std::make_unique<OpenFile>(*this, node, true);
  }

  Io<void> rename(const Path& from, const Path& to) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return error(std::errc::io_error);
    const auto node = names_.at(from.string());
    names_.erase(from.string());
    names_[to.string()] = node;
    pending_names_.push_back(names_);
    return {};
  }

  Io<void> remove(const Path& path) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return error(std::errc::io_error);
    names_.erase(path.string());
    pending_names_.push_back(names_);
    return {};
  }

  Io<void> make_folder(const Path&) override { return {}; }

  Io<void> sync_folder(const Path&) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return error(std::errc::io_error);
    durable_names_ = names_;
    pending_names_.clear();
    return {};
  }

  Io<std::vector<std::string>> list(const Path& folder) override {
    const std::lock_guard lock(mutex_);
    if (fails_reading()) return error(std::errc::io_error);
    std::vector<std::string> names;
    for (const auto& [path, node] : names_)
      if (Path(path).parent_path() == folder) names.push_back(Path(path).filename());
    return names;
  }

 private:
  struct Write {
    std::size_t offset;
    Bytes bytes;
  };
  struct Node {
    Bytes content;  // as reads see it
    Bytes durable;
    std::vector<Write> unsynced;
    bool locked = false;
  };
  using NodePtr = std::shared_ptr<Node>;

  class OpenFile final : public File {
   public:
    OpenFile(SimulatedDisk& disk, NodePtr node, bool holds_lock = false)
        : disk_(disk), node_(std::move(node)), holds_lock_(holds_lock) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() override {
      const std::lock_guard lock(disk_.mutex_);
      if (holds_lock_) node_->locked = false;
    }

    Io<std::size_t> read(std::span<std::uint8_t> into, std::uint64_t offset) const override {
      const std::lock_guard lock(disk_.mutex_);
      ++disk_.reads_;
      if (disk_.fails_reading()) return error(std::errc::io_error);
      if (offset >= node_->content.size()) return 0;
      const auto from = std::span(node_->content).subspan(offset);
      const std::size_t count = std::min(from.size(), into.size());
      std::ranges::copy(from.first(count), into.begin());
      return count;
    }

    Io<std::size_t> write(std::span<const std::uint8_t> bytes, std::uint64_t offset) override {
      const std::lock_guard lock(disk_.mutex_);
      if (disk_.full_ && offset + bytes.size() > node_->content.size())
        return error(std::errc::no_space_on_device);
      const bool fails = disk_.fails();
      auto count = std::min(bytes.size(), disk_.write_bytes_max_);
      if (fails) count /= 2;
      node_->unsynced.push_back(
          {offset, Bytes(bytes.begin(), bytes.begin() + std::ptrdiff_t(count))});
      place(node_->unsynced.back(), node_->content);
      if (disk_.is_named_segment(node_)) disk_.written_to_ = offset + count;
      if (fails) return error(std::errc::io_error);
      return count;
    }

    Io<void> sync() override {
      if (auto hook = disk_.hook_for(node_)) hook();
      const std::lock_guard lock(disk_.mutex_);
      if (disk_.fails()) {
        disk_.keep_some(*node_);
        return error(std::errc::io_error);
      }
      for (const auto& write : node_->unsynced) place(write, node_->durable);
      node_->unsynced.clear();
      return {};
    }

    Io<std::uint64_t> size() const override {
      const std::lock_guard lock(disk_.mutex_);
      return node_->content.size();
    }

   private:
    SimulatedDisk& disk_;
    NodePtr node_;
    bool holds_lock_;
  };

  std::function<void(const Path&, OpenFor)> open_hook() const {
    const std::lock_guard lock(mutex_);
    return open_hook_;
  }

  static std::unexpected<std::error_code> error(std::errc code) {
    return std::unexpected(std::make_error_code(code));
  }

  static bool is_segment(const std::string& path) { return path.ends_with(".segment"); }

  static void place(const Write& write, Bytes& content) {
    content.resize(std::max(content.size(), write.offset + write.bytes.size()));
    std::ranges::copy(write.bytes, content.begin() + std::ptrdiff_t(write.offset));
  }

  // The rest of the class is called with the mutex held.

  bool fails() {
    ++calls_;
    const bool fails = calls_ >= fail_from_ && calls_ < fail_until_;
    failed_ = failed_ || fails;
    return fails;
  }

  bool fails_reading() {
    const bool fails = ++reading_calls_ == fail_reading_;
    failed_ = failed_ || fails;
    return fails;
  }

  bool is_named_segment(const NodePtr& node) const {
    return std::ranges::any_of(
        names_, [&](const auto& entry) { return entry.second == node && is_segment(entry.first); });
  }

  std::function<void()> hook_for(const NodePtr& node) const {
    const std::lock_guard lock(mutex_);
    return is_named_segment(node) ? hook_ : nullptr;
  }

  std::size_t roll(std::size_t sides) { return std::size_t(die_() % sides); }

  void keep_some(Node& node) {
    for (auto& write : node.unsynced) {
      const std::size_t fate = roll(4);
      if (fate == 0) continue;
      if (fate == 1) write.bytes.resize(roll(write.bytes.size() + 1));
      fate == 2 ? keep_pieces(write, node.durable) : place(write, node.durable);
    }
    node.unsynced.clear();
  }

  // Sectors or pages reach the disk in any order.
  void keep_pieces(const Write& write, Bytes& durable) {
    const std::size_t piece_bytes = roll(2) == 0 ? 512 : 4096;
    const std::size_t end = write.offset + write.bytes.size();
    for (std::size_t at = write.offset; at < end;) {
      const std::size_t next = std::min(end, (at / piece_bytes + 1) * piece_bytes);
      const auto from = write.bytes.begin() + std::ptrdiff_t(at - write.offset);
      if (roll(2) == 0) place({at, Bytes(from, from + std::ptrdiff_t(next - at))}, durable);
      at = next;
    }
  }

  mutable std::mutex mutex_;
  std::mt19937_64 die_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::vector<std::map<std::string, NodePtr>> pending_names_;  // after each change since a sync
  std::function<void()> hook_;
  std::function<void(const Path&, OpenFor)> open_hook_;
  std::uint64_t calls_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t written_to_ = 0;
  std::uint64_t fail_from_ = 0;
  std::uint64_t fail_until_ = 0;
  std::uint64_t reading_calls_ = 0;
  std::uint64_t fail_reading_ = 0;
  bool failed_ = false;
  bool full_ = false;
  std::size_t write_bytes_max_ = std::size_t(-1);
};

}  // namespace batal::ledger
