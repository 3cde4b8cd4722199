#pragma once

/// \file
/// Text handed from one coroutine to another. Internal.

#include <coroutine>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// One producer writes, one consumer takes what was written; both are coroutines. The producer
/// waits until the consumer wants more, so a slow consumer slows it down instead of filling memory.
///
/// Both may run on any threads. Neither nests the other without bound: a consumer that resumes its
/// producer is not resumed by it, but finds the text when the producer has suspended.
class Handover {
 public:
  /// For the consumer: `co_await`s until there is text or the end. Resumes the producer.
  class Wanted {
   public:
    explicit Wanted(Handover& handover) noexcept : handover_(handover) {}
    bool await_ready() const noexcept { return handover_.is_ready(); }
    bool await_suspend(std::coroutine_handle<> consumer) const {
      if (handover_.demand()) return false;
      const std::lock_guard lock(handover_.mutex_);
      if (handover_.is_ready_locked()) return false;
      handover_.consumer_ = consumer;
      return true;
    }
    void await_resume() const noexcept {}

   private:
    Handover& handover_;
  };

  /// For the producer: hands `text` over and `co_await`s until more is wanted.
  class Given {
   public:
    Given(Handover& handover, std::string text) noexcept
        : handover_(handover), text_(std::move(text)) {}
    bool has_text() const noexcept { return !text_.empty(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> producer) {
      handover_.give(std::move(text_), producer, End::open);
    }
    void await_resume() const noexcept {}

   private:
    Handover& handover_;
    std::string text_;
  };

  /// For the producer: hands over the last text; does not wait.
  void finish(std::string text) { give(std::move(text), nullptr, End::finished); }

  /// Resumes the producer if it waits.
  /// \return whether there is text or the end
  bool demand() {
    std::unique_lock lock(mutex_);
    if (is_ready_locked()) return true;
    const std::coroutine_handle<> producer = std::exchange(producer_, nullptr);
    if (!producer) return false;
    lock.unlock();
    producer.resume();
    lock.lock();
    return is_ready_locked();
  }
  /// Resumes the producer, which is to find out that it is no longer wanted.
  void dismiss() {
    std::unique_lock lock(mutex_);
    const std::coroutine_handle<> producer = std::exchange(producer_, nullptr);
    lock.unlock();
    if (producer) producer.resume();
  }
  /// Gives `text` to a consumer that waits, while the producer is busy.
  /// \return whether the consumer was waiting
  bool interject(std::string_view text) {
    std::unique_lock lock(mutex_);
    if (!consumer_ || is_ready_locked()) return false;
    text_ += text;
    const std::coroutine_handle<> consumer = std::exchange(consumer_, nullptr);
    lock.unlock();
    consumer.resume();
    return true;
  }

  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(text_, {});
  }
  bool is_ready() const {
    const std::lock_guard lock(mutex_);
    return is_ready_locked();
  }
  /// Whether the end has been handed over and everything before it was taken.
  bool is_over() const {
    const std::lock_guard lock(mutex_);
    return finished_ && text_.empty();
  }
  bool is_finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }

 private:
  enum class End : bool { open, finished };

  bool is_ready_locked() const noexcept { return finished_ || !text_.empty(); }

  /// Nothing of the producer's frame is used after the lock is released: it may be resumed then.
  void give(std::string text, std::coroutine_handle<> producer, End end) {
    std::unique_lock lock(mutex_);
    if (text_.empty()) {
      text_ = std::move(text);
    } else {
      text_ += text;
    }
    finished_ = end == End::finished;
    producer_ = producer;
    const std::coroutine_handle<> consumer = std::exchange(consumer_, nullptr);
    lock.unlock();
    if (consumer) consumer.resume();
  }

  mutable std::mutex mutex_;
  std::string text_ = {};
  std::coroutine_handle<> producer_ = nullptr;  ///< Set while it waits.
  std::coroutine_handle<> consumer_ = nullptr;  ///< Set while it waits.
  bool finished_ = false;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
