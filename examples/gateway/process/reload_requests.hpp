#pragma once

/// \file
/// Requests to read the configuration again, which the main thread does.

#include <vx11/http_message.hpp>
#include <vx11/task.hpp>

#include <coroutine>
#include <functional>
#include <mutex>
#include <vector>

namespace gateway {

/// Hands requests from event loops to one thread that may block. Thread-safe. Outlives its tasks.
class ReloadRequests {
 public:
  /// \param wake makes that thread call `answer_all`; called on any thread
  explicit ReloadRequests(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// The answer of the next reload; at once 503 after `close`. Resumes on the thread that answers.
  vx11::Task<vx11::HttpResponse> next();
  /// Answers the requests that wait with the result of one call of `reload`; does not call it if
  /// there are none.
  void answer_all(const std::function<vx11::HttpResponse()>& reload);
  /// Answers those that wait, and all that follow: the gateway stops.
  void close();

 private:
  class Waiter;

  std::vector<Waiter*> take_all();
  static void answer(const std::vector<Waiter*>& waiters, const vx11::HttpResponse& response);

  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Waiter*> waiters_ = {};  ///< Guarded by `mutex_`.
  bool closed_ = false;                ///< The same.
};

}  // namespace gateway
