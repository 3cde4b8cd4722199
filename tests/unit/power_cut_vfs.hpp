#pragma once

/// \file
/// A VFS of SQLite that knows what a disk would hold after a power cut: what was synced, and any
/// part of what was not.

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

/// Wraps the default VFS, and is the default while it exists. Databases must be opened and closed
/// within.
class PowerCutVfs {
 public:
  using Image = std::map<std::string, std::string>;  ///< Contents by path.

  PowerCutVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    current_ = this;
    vfs_.zName = "power-cut";
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &PowerCutVfs::open;
    vfs_.xDelete = &PowerCutVfs::remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;
  ~PowerCutVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current_ = nullptr;
  }

  /// Called before each write, truncation, sync and deletion, on the thread that makes it.
  std::function<void()> before_operation = [] {};
  /// Whether writes fail as on a full disk.
  std::atomic<bool> is_full = false;
  /// How often a lock of a write-ahead log was tried.
  std::atomic<int> lock_attempts = 0;

  /// What the disk may hold now: all that was synced, and some of the rest, whole or in part.
  Image after_power_cut(unsigned seed) const {
    std::minstd_rand random(seed);
    const std::lock_guard lock(mutex_);
    Image image;
    for (const auto& [path, disk] : disks_) {
      std::string content = disk.synced;
      for (const Change& change : disk.unsynced) {
        switch (random() % 3) {
          case 0:
            break;
          case 1:
            apply(change, content);
            break;
          default:
            apply(change.first_half(), content);
        }
      }
      image[path] = content;
    }
    return image;
  }

 private:
  struct Change {
    std::size_t offset = 0;
    std::string bytes = {};
    bool truncates = false;
    Change first_half() const {
      return truncates ? *this : Change{offset, bytes.substr(0, bytes.size() / 2), false};
    }
  };
  struct Disk {
    std::string synced = {};
    std::vector<Change> unsynced = {};
  };
  struct File : sqlite3_file {
    std::string* path;  ///< Null: not one whose content matters.
    sqlite3_file* real;
  };

  static void apply(const Change& change, std::string& content) {
    if (change.truncates) return content.resize(change.offset);
    content.resize(std::max(content.size(), change.offset + change.bytes.size()));
    content.replace(change.offset, change.bytes.size(), change.bytes);
  }

  static File& own(sqlite3_file* file) { return *static_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return own(file).real; }

  void note(const File& file, Change change) {
    before_operation();
    if (file.path == nullptr) return;
    const std::lock_guard lock(mutex_);
    disks_[*file.path].unsynced.push_back(std::move(change));
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    File& opened = own(file);
    const bool matters = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
    opened.real = reinterpret_cast<sqlite3_file*>(&opened + 1);
    opened.path = matters ? new std::string(name) : nullptr;
    const int code = current_->real_->xOpen(current_->real_, name, opened.real, flags, out);
    opened.pMethods = opened.real->pMethods != nullptr ? methods() : nullptr;
    if (opened.pMethods == nullptr) delete opened.path;
    return code;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync) {
    current_->before_operation();
    {
      const std::lock_guard lock(current_->mutex_);
      current_->disks_.erase(name);
    }
    return current_->real_->xDelete(current_->real_, name, sync);
  }
  static int close(sqlite3_file* file) {
    const int code = real(file)->pMethods->xClose(real(file));
    delete own(file).path;
    return code;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    if (current_->is_full) return SQLITE_FULL;
    current_->note(own(file), Change{static_cast<std::size_t>(offset),
                                     std::string(static_cast<const char*>(data),
                                                 static_cast<std::size_t>(size))});
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    current_->note(own(file), Change{static_cast<std::size_t>(size), {}, true});
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    current_->before_operation();
    const int code = real(file)->pMethods->xSync(real(file), flags);
    const std::string* const path = own(file).path;
    if (path == nullptr || code != SQLITE_OK) return code;
    const std::lock_guard lock(current_->mutex_);
    Disk& disk = current_->disks_[*path];
    for (const Change& change : disk.unsynced) apply(change, disk.synced);
    disk.unsynced.clear();
    return code;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods passing = [] {
      sqlite3_io_methods all = {};
      all.iVersion = 2;
      all.xClose = &close;
      all.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
        return real(f)->pMethods->xRead(real(f), to, n, at);
      };
      all.xWrite = &write;
      all.xTruncate = &truncate;
      all.xSync = &sync;
      all.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
        return real(f)->pMethods->xFileSize(real(f), n);
      };
      all.xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); };
      all.xUnlock = [](sqlite3_file* f, int lock) {
        return real(f)->pMethods->xUnlock(real(f), lock);
      };
      all.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return real(f)->pMethods->xCheckReservedLock(real(f), out);
      };
      all.xFileControl = [](sqlite3_file* f, int what, void* value) {
        return real(f)->pMethods->xFileControl(real(f), what, value);
      };
      all.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
      all.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real(f)->pMethods->xDeviceCharacteristics(real(f));
      };
      all.xShmMap = [](sqlite3_file* f, int region, int size, int extend, void volatile** out) {
        return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
      };
      all.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        ++current_->lock_attempts;
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
      };
      all.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
      all.xShmUnmap = [](sqlite3_file* f, int remove) {
        return real(f)->pMethods->xShmUnmap(real(f), remove);
      };
      return all;
    }();
    return &passing;
  }

  static inline PowerCutVfs* current_ = nullptr;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  mutable std::mutex mutex_;
  std::map<std::string, Disk> disks_;
};
