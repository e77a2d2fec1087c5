// SQLite's door to the disk, wrapped: a test sees every open, write, sync, truncation and removal,
// and can make any of them fail.
//
// From the shim's making to its end it is what SQLite uses by default. Nothing is really synced,
// which the tests need not wait for; instead the shim remembers what was, so that power_cut() can
// tell what a disk might hold after it. One thread uses SQLite meanwhile, unless there is no hook.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace batal::ledger {

using FileBytes = std::vector<char>;

inline FileBytes file_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_file(const std::filesystem::path& file, const FileBytes& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class SqliteShim {
 public:
  enum class Call { Open, Write, Sync, Truncate, Remove };

  // Asked before each call; anything but SQLITE_OK is given to SQLite instead of the call.
  using Hook = std::function<int(Call)>;

  explicit SqliteShim(Hook hook = {}) : hook_(std::move(hook)), real_(sqlite3_vfs_find(nullptr)) {
    vfs_ = *real_;
    vfs_.zName = "batal-test";
    vfs_.szOsFile = static_cast<int>(sizeof(Shimmed)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~SqliteShim() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }
  SqliteShim(const SqliteShim&) = delete;
  SqliteShim& operator=(const SqliteShim&) = delete;

  void set_hook(Hook hook) { hook_ = std::move(hook); }

  // Writes into `folder` what the disk may hold of all files if the power goes now: of each sector
  // that was written since its file's last sync, what is there or what was.
  void power_cut(const std::filesystem::path& folder, std::uint64_t seed) const {
    constexpr std::size_t kSectorBytes = 512;
    std::mt19937_64 engine(seed);
    for (const auto& [path, synced] : synced_) {
      if (!std::filesystem::exists(path)) continue;
      FileBytes bytes = file_bytes(path);
      if (engine() % 2 == 0) bytes.resize(std::max(bytes.size(), synced.size()));
      for (std::size_t begin = 0; begin < std::min(bytes.size(), synced.size());
           begin += kSectorBytes) {
        const std::size_t end = std::min({begin + kSectorBytes, bytes.size(), synced.size()});
        if (engine() % 2 == 0)
          std::copy(synced.begin() + static_cast<std::ptrdiff_t>(begin),
                    synced.begin() + static_cast<std::ptrdiff_t>(end),
                    bytes.begin() + static_cast<std::ptrdiff_t>(begin));
      }
      if (bytes.size() > synced.size() && engine() % 2 == 0)
        bytes.resize(synced.size() + engine() % (bytes.size() - synced.size()));
      put_file(folder / std::filesystem::path(path).filename(), bytes);
    }
  }

 private:
  struct Shimmed {
    sqlite3_file base;
    SqliteShim* shim;
    const char* path;  // nullptr: none that lasts
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static SqliteShim& shim_of(sqlite3_vfs* vfs) { return *static_cast<SqliteShim*>(vfs->pAppData); }
  static Shimmed& shimmed(sqlite3_file* file) { return *reinterpret_cast<Shimmed*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return shimmed(file).real(); }

  int ask(Call call) const { return hook_ ? hook_(call) : SQLITE_OK; }
  static int ask(sqlite3_file* file, Call call) { return shimmed(file).shim->ask(call); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* got) {
    SqliteShim& shim = shim_of(vfs);
    file->pMethods = nullptr;
    if (const int refused = shim.ask(Call::Open); refused != SQLITE_OK) return refused;
    sqlite3_file* const inner = shimmed(file).real();
    const int result = shim.real_->xOpen(shim.real_, path, inner, flags, got);
    if (result != SQLITE_OK) return result;
    shimmed(file).shim = &shim;
    shimmed(file).path = path;
    if (shim.hook_ && path != nullptr) shim.synced_.try_emplace(path, file_bytes(path));
    file->pMethods = methods();
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int) {
    SqliteShim& shim = shim_of(vfs);
    if (const int refused = shim.ask(Call::Remove); refused != SQLITE_OK) return refused;
    shim.synced_.erase(path);
    return shim.real_->xDelete(shim.real_, path, 0);
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods made = make_methods();
    return &made;
  }

  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return real(f)->pMethods->xRead(real(f), to, n, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      const int refused = ask(f, Call::Write);
      return refused != SQLITE_OK ? refused : real(f)->pMethods->xWrite(real(f), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int refused = ask(f, Call::Truncate);
      return refused != SQLITE_OK ? refused : real(f)->pMethods->xTruncate(real(f), size);
    };
    m.xSync = sync;
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
      return real(f)->pMethods->xFileSize(real(f), n);
    };
    m.xLock = [](sqlite3_file* f, int to) { return real(f)->pMethods->xLock(real(f), to); };
    m.xUnlock = [](sqlite3_file* f, int to) { return real(f)->pMethods->xUnlock(real(f), to); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* is) {
      return real(f)->pMethods->xCheckReservedLock(real(f), is);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* about) {
      return real(f)->pMethods->xFileControl(real(f), op, about);
    };
    m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    m.xShmMap = [](sqlite3_file* f, int page, int n, int extend, void volatile** to) {
      return real(f)->pMethods->xShmMap(real(f), page, n, extend, to);
    };
    m.xShmLock = [](sqlite3_file* f, int at, int n, int flags) {
      return real(f)->pMethods->xShmLock(real(f), at, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove_it) {
      return real(f)->pMethods->xShmUnmap(real(f), remove_it);
    };
    return m;
  }

  static int sync(sqlite3_file* file, int) {
    const int refused = ask(file, Call::Sync);
    if (refused != SQLITE_OK) return refused;
    SqliteShim& shim = *shimmed(file).shim;
    const char* const path = shimmed(file).path;
    if (shim.hook_ && path != nullptr) shim.synced_[path] = file_bytes(path);
    return SQLITE_OK;
  }

  Hook hook_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  std::map<std::string, FileBytes> synced_;  // of each open file
};

}  // namespace batal::ledger
