#pragma once

#include <mutex>
#include <unordered_set>

#include <sys/socket.h>

namespace upstream {

/// The open connections of one service, so that a listener fault can close them as an exit of the
/// process would. Thread-safe.
class OpenSockets {
 public:
  /// Registers one connection. Release it before the descriptor is closed: afterwards the number
  /// may be reused for another file.
  class Entry {
   public:
    Entry(OpenSockets& owner, int descriptor) : owner_(&owner), descriptor_(descriptor) {
      const std::lock_guard lock(owner_->mutex_);
      owner_->descriptors_.insert(descriptor_);
    }
    ~Entry() { release(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void release() {
      if (owner_ == nullptr) return;
      const std::lock_guard lock(owner_->mutex_);
      owner_->descriptors_.erase(descriptor_);
      owner_ = nullptr;
    }

   private:
    OpenSockets* owner_;
    int descriptor_;
  };

  /// Shuts down every connection in both directions; sessions on any loop notice.
  void shut_all() {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::unordered_set<int> descriptors_;
};

}  // namespace upstream
