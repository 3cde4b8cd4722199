#pragma once

/// \file
/// The implementation of Router. Internal.

#include <vx11/router.hpp>

#include <utility>

#include "router/target_sequence.hpp"

namespace vx11 {
inline namespace v0 {

/// The validated description with all defaults filled in.
struct Router::Impl {
  explicit Impl(RouterOptions complete)
      : options(std::move(complete)), last_resorts(options.last_resorts) {}

  /// This and `chat` must outlive the task.
  Task<Result<ChatReply, ChatFailure>> ask(const ChatRequest& chat, Deadline deadline) const;
  static Task<Result<ChatReply, ChatFailure>> ask_owned(std::shared_ptr<const Impl> self,
                                                        ChatRequest chat, Deadline deadline);
  /// `chat` must outlive the task.
  static Task<Result<ChatStream, ChatFailure>> stream(std::shared_ptr<const Impl> self,
                                                      const ChatRequest& chat, Deadline deadline);
  static Task<Result<ChatStream, ChatFailure>> stream_owned(std::shared_ptr<const Impl> self,
                                                            ChatRequest chat, Deadline deadline);

  const RouterOptions options;
  mutable LastResorts last_resorts;
};

}  // namespace v0
}  // namespace vx11
