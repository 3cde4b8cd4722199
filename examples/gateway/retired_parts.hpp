#pragma once

/// \file
/// Destroys what was replaced on a thread that may block.

#include <list>
#include <memory>
#include <mutex>
#include <utility>

namespace gateway {

/// Handlers whose last request has ended. Thread-safe.
class RetiredParts : public std::enable_shared_from_this<RetiredParts> {
 public:
  /// `part`, which is passed on to `*this` when the last reference is released, on any thread.
  template <class T>
  std::shared_ptr<T> watch(std::shared_ptr<T> part) {
    T* const target = part.get();
    // The place in the list exists beforehand: releasing must not fail for want of memory.
    auto place = std::make_shared<Parts>();
    place->push_back(std::move(part));
    return {target, [place = std::move(place), self = shared_from_this()](T*) {
              const std::lock_guard lock(self->mutex_);
              self->parts_.splice(self->parts_.end(), *place);
            }};
  }

  /// Destroys those that have been passed on. Blocks as long as they do.
  void clear() {
    Parts ended;
    const std::lock_guard clearing(clearing_);
    {
      const std::lock_guard lock(mutex_);
      ended.swap(parts_);
    }
    ended.clear();
  }

 private:
  using Parts = std::list<std::shared_ptr<void>>;

  std::mutex clearing_;
  std::mutex mutex_;
  Parts parts_ = {};  ///< Guarded by `mutex_`.
};

}  // namespace gateway
