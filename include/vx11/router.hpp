#pragma once

/// \file
/// `Router`: asks an ordered list of upstreams until one answers.

#include <vx11/attempt.hpp>
#include <vx11/chat.hpp>
#include <vx11/chat_stream.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/transport.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The answer, and how it was come by.
struct ChatReply {
  ChatReply() = default;

  std::string text = {};
  std::string source = {};  ///< Name of the target that answered.
  std::size_t rank = 0;     ///< Its place in the list; anything but 0 is a fallback.
  /// Why the first target did not answer ("switch_circuit_open"); empty when it did. Set, too, when
  /// it answered as the last resort.
  std::string reason = {};
  std::vector<Attempt> attempts = {};  ///< In the order of trying, the answering one last.
  std::string upstream_json = "{}";    ///< What else the upstream said, as a JSON object.
};

/// Nobody answered. `code` and `upstream` are those of the first target; `retry_after` is the
/// earliest that breakers, Retry-After headers and policies tell.
struct ChatFailure : Error {
  ChatFailure() = default;
  explicit ChatFailure(Error error) : Error(std::move(error)) {}

  std::vector<Attempt> attempts = {};  ///< In the order of trying.
};

/// One upstream in the order of preference.
struct RouterTarget {
  std::string name = {};  ///< Unique within the router; appears in ledgers, reasons and metrics.
  std::string url = {};   ///< Base URL: `http://host[:port]`, no path.
  std::shared_ptr<Transport> transport = {};  ///< Required.
  /// The most one try may take. The total deadline shortens it, never lengthens it. 15 s lets a
  /// model think and leaves the second target as long within the default total.
  Duration try_timeout = std::chrono::seconds(15);
  /// Null: chosen by the name, "switch" or "madre"; any other name must say.
  std::shared_ptr<const ChatDialect> dialect = {};
  /// Null: one with default options is made. Share it with whatever else calls this upstream, so
  /// that all see the same state.
  std::shared_ptr<CircuitBreaker> breaker = {};
  Headers headers = {};  ///< Sent with every request, for one the token.
  /// Power-aware routing, off when empty: says whether the upstream is known to sleep. It is then
  /// passed by without being touched and without a failure counted. Called on every ask; must be
  /// quick.
  std::function<bool()> asleep = {};
};

/// The description of a router.
struct RouterOptions {
  std::vector<RouterTarget> targets = {};  ///< In order of preference; at least one.
  /// The most a whole ask may take, all targets together. Room for two full tries.
  Duration total_timeout = std::chrono::seconds(30);
  /// What becomes of an ask when the breaker of every target that is awake rejects it. By default,
  /// 0, it fails at once, and `ChatFailure::retry_after` says when the first breaker will let
  /// somebody through. Otherwise at most so many asks at a time try the first of these targets all
  /// the same, past its breaker, which hears nothing of it: for a service that would rather knock
  /// once more than say no. A breaker that somebody has isolated is never passed by.
  std::uint32_t last_resorts = 0;
  SteadyClock clock = {};
};

/// Asks its targets in order until one answers.
///
/// Goes on to the next target on: breaker open, connection error, timeout, any status outside 2xx,
/// an answer that cannot be understood, known asleep. Counts against a breaker: connection errors,
/// timeouts, 5xx and answers not understood; 4xx and a caller who went away are neutral.
///
/// Immutable once made; copies share breakers and everything else. **Thread-safe**. A router
/// outlives the asks that run on it.
class VX11_API Router {
 public:
  /// \return every mistake of the description, by target name, in one `invalid_argument` error.
  static Result<Router> create(RouterOptions options);

  /// Blocks until answered.
  /// \see async_ask
  Result<ChatReply, ChatFailure> ask(const ChatRequest& chat, Deadline deadline = {}) const;
  /// \return the answer of the first target that gave one, or why nobody did. `cancelled` if
  ///         `deadline`'s stop token fired.
  Task<Result<ChatReply, ChatFailure>> async_ask(ChatRequest chat, Deadline deadline = {}) const;
  /// The same for a chat, and a router, that the caller keeps alive until the task has completed,
  /// which saves copying: `co_await router.async_ask(std::cref(chat))`.
  Task<Result<ChatReply, ChatFailure>> async_ask(std::reference_wrapper<const ChatRequest> chat,
                                                 Deadline deadline = {}) const;

  /// The same for an answer that comes piece by piece, from targets whose transport is a
  /// `StreamingTransport`; the answer of another is one piece. Goes on to the next target until the
  /// first piece has come, and never after: a `ChatStream` knows no other target. The total
  /// deadline covers the way to the first piece; after it each `ChatStream::next` has its own.
  Task<Result<ChatStream, ChatFailure>> async_stream(ChatRequest chat,
                                                     Deadline deadline = {}) const;
  Task<Result<ChatStream, ChatFailure>> async_stream(std::reference_wrapper<const ChatRequest> chat,
                                                     Deadline deadline = {}) const;

  /// The breaker of the target of that name, or null.
  std::shared_ptr<CircuitBreaker> breaker(std::string_view target) const;
  /// The names of the targets, in order.
  std::vector<std::string> targets() const;

 private:
  struct Impl;
  explicit Router(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
