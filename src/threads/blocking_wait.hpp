#pragma once

/// \file
/// Waits for calls that suspend, but not on the thread that has to resume them. Internal.

#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {

/// Whether a call that suspends must not be waited for here: on the thread of an event loop, where
/// the wait would stop the loop, and perhaps itself, for ever.
inline bool waits_for_itself(bool suspends) noexcept {
  return suspends && Executor::current() != nullptr;
}
/// \param call the name of the awaited twin
inline tl::unexpected<Error> refuse_to_wait(std::string_view call) {
  return fail(Errc::invalid_argument,
              "this is the thread of an event loop, which must not wait: co_await " +
                  std::string(call) + "()");
}

/// `sync_wait` where the thread may wait.
template <class T>
Result<T> wait_for(Task<Result<T>> task, bool suspends, std::string_view call) {
  if (waits_for_itself(suspends)) return refuse_to_wait(call);
  return sync_wait(std::move(task));
}

}  // namespace v0
}  // namespace vx11
