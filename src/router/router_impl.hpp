#pragma once

/// \file
/// The implementation of Router. Internal.

#include <vx11/detail/alarm.hpp>
#include <vx11/router.hpp>

#include <memory>
#include <utility>

#include "router/shadow.hpp"
#include "router/target_sequence.hpp"
#include "router/target_state.hpp"

namespace vx11 {
inline namespace v0 {

/// The validated description with all defaults filled in, and what is shared by all chats. Held by
/// `shared_ptr`; calls that outlast their chat keep it.
class RouterCore : public std::enable_shared_from_this<RouterCore> {
 public:
  explicit RouterCore(RouterOptions complete);

  TargetState& state_of(const RouterTarget& target) const noexcept;
  void make_alarm(detail::AlarmSlot& slot, detail::Alarm::Ring ring, void* whom) const;

  const RouterOptions options;
  mutable LastResorts last_resorts;
  const std::unique_ptr<const RouteSteps> steps;  ///< Null: each target is a step.
  const std::unique_ptr<Shadow> shadow;           ///< Null: there is none.

  /// A chat begins, which may be one that is copied.
  void copy_to_shadow(const ChatRequest& chat, const Deadline& total) const noexcept {
    if (shadow && !total.cancelled()) shadow->copy(shared_from_this(), chat);
  }

 protected:
  ~RouterCore() = default;
  /// Whether targets are asked side by side.
  bool beside() const noexcept { return beside_; }

 private:
  const std::unique_ptr<TargetState[]> states_;  ///< Of `options.targets`, in the same order.
  detail::AlarmTimer* const alarms_;             ///< The timer, if it has alarms.
  const bool beside_;
};

struct Router::Impl : RouterCore {
  using RouterCore::RouterCore;

  /// This and `chat` must outlive the task.
  Task<Result<ChatReply, ChatFailure>> start(const ChatRequest& chat, Deadline deadline) const {
    return beside() ? ask_beside(chat, std::move(deadline)) : ask(chat, std::move(deadline));
  }
  /// One target after another.
  Task<Result<ChatReply, ChatFailure>> ask(const ChatRequest& chat, Deadline deadline) const;
  /// The next target beside a slow one.
  Task<Result<ChatReply, ChatFailure>> ask_beside(const ChatRequest& chat, Deadline deadline) const;
  static Task<Result<ChatReply, ChatFailure>> ask_owned(std::shared_ptr<const Impl> self,
                                                        ChatRequest chat, Deadline deadline);
  /// `chat` must outlive the task.
  static Task<Result<ChatStream, ChatFailure>> stream(std::shared_ptr<const Impl> self,
                                                      const ChatRequest& chat, Deadline deadline);
  static Task<Result<ChatStream, ChatFailure>> stream_in_turn(std::shared_ptr<const Impl> self,
                                                              const ChatRequest& chat,
                                                              Deadline deadline);
  static Task<Result<ChatStream, ChatFailure>> stream_beside(std::shared_ptr<const Impl> self,
                                                             const ChatRequest& chat,
                                                             Deadline deadline);
  static Task<Result<ChatStream, ChatFailure>> stream_owned(std::shared_ptr<const Impl> self,
                                                            ChatRequest chat, Deadline deadline);
};

}  // namespace v0
}  // namespace vx11
