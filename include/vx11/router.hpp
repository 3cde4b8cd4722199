#pragma once

/// \file
/// `Router`: sends a chat to an ordered list of upstreams, or groups of them, until one answers.

#include <vx11/attempt.hpp>
#include <vx11/balancer.hpp>
#include <vx11/chat.hpp>
#include <vx11/chat_stream.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/fallback_rule.hpp>
#include <vx11/linked_breakers.hpp>
#include <vx11/timer.hpp>
#include <vx11/transport.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The answer, and which target gave it.
struct ChatReply {
  ChatReply() = default;

  std::string text = {};
  std::string source = {};  ///< Name of the target that answered.
  std::size_t rank = 0;     ///< Its index in the list; anything but 0 is a fallback.
  /// Why the first target did not answer ("switch_circuit_open"); empty when it did. Also set when
  /// it answered as the last resort.
  std::string reason = {};
  /// In the order of trying. The answering one is the last, unless it was slow and a further target
  /// was asked beside it.
  std::vector<Attempt> attempts{};
  std::string upstream_json = "{}";  ///< Other members of the upstream's answer, a JSON object.
  ChatEnding ending = {};            ///< How the answer ended.
  /// As `ChatAnswer::completion_json`. If the request has a `completion_json`, the text may be
  /// empty beside it.
  std::string completion_json = {};
  std::vector<std::string> ignored{};  ///< As `ChatDialect::ignored_members`.
};

/// No target answered. `code` and `upstream` are those of the first target, or of the one whose
/// answer was final by a rule; `retry_after` is the earliest given by breakers, cooldowns,
/// Retry-After headers and policies.
struct ChatFailure : Error {
  ChatFailure() = default;
  explicit ChatFailure(Error error) : Error(std::move(error)) {}

  std::vector<Attempt> attempts{};  ///< In the order of trying.
};

/// What becomes of a call whose answer is no longer needed.
enum class Overtaken : std::uint8_t {
  /// It runs on to the limit of its attempt, and its breaker records the outcome; the answer is
  /// dropped. At most 8 calls of a target at a time, further ones are cancelled.
  observe,
  /// It is cancelled, and neutral for its breaker. Saves the upstream's work, but an upstream that
  /// always hangs is then never found out while another one answers in its place.
  cancel,
};

/// One upstream in the order of preference.
struct RouterTarget {
  std::string name = {};  ///< Unique within the router; appears in ledgers, reasons and metrics.
  std::string url = {};   ///< Base URL: `http://host[:port]`, no path.
  std::shared_ptr<Transport> transport = {};  ///< Required.
  /// Upper limit of one attempt. The total deadline can only shorten it. 15 s leaves a model time
  /// to answer, and the second target as much again within the default total.
  Duration try_timeout = std::chrono::seconds(15);
  /// Upper limit of the whole call, from connecting to the last byte; of a streamed answer to the
  /// end of the stream, of which `try_timeout` limits the time to the first piece. A stream that
  /// exceeds it ends with `timeout`, a failure for the breaker unless its reader was late.
  /// `Duration::max()`, the default: none, because answers of several minutes are common.
  Duration total_timeout = Duration::max();
  /// Null: chosen by name for "switch" and "madre"; required for any other name.
  std::shared_ptr<const ChatDialect> dialect = {};
  /// Null: a breaker with default options is created. Share it with every other client of this
  /// upstream, so that all see the same state.
  std::shared_ptr<CircuitBreaker> breaker = {};
  /// All breakers of this upstream, if it is called for other purposes, too; `breaker` is one of
  /// them. Null: `breaker` alone.
  std::shared_ptr<const LinkedBreakers> linked = {};
  Headers headers = {};  ///< Sent with every request; for example the token.
  /// When this target has not answered after this time (a stream: sent no piece), the next one is
  /// asked beside it, and the first good answer is taken. Needs `RouterOptions::timer`.
  ///
  /// Null, the default: three times the 95th percentile of its own last 100 answers, at least 4 s
  /// and at most the limits of a try; 4 s while fewer than 10 are known. So a target that hangs
  /// costs seconds, and one that is always slow is waited for. Zero: never.
  std::optional<Duration> fallback_after = std::nullopt;
  /// Power-aware routing; empty: off. Returns whether the upstream is known to be asleep; it is
  /// then skipped without a request and without counting a failure. Called for every chat, so it
  /// must be fast.
  std::function<bool()> asleep = {};
  /// Targets that follow one another with the same name here are one step of the chain: one of them
  /// is chosen for each chat. Empty, the default: a step of its own. See `RouterOptions::groups`.
  std::string group = {};
  /// Its share within the group, in relation to the others'; 1 to 1,000. Not used with a
  /// `RouterGroup::shared_balancer`.
  std::uint32_t weight = 1;
};

/// How the targets of one group share their chats.
struct RouterGroup {
  std::string name = {};          ///< As in `RouterTarget::group`.
  BalancerOptions balancer = {};  ///< How a target is chosen; the random source for tests.
  /// How many targets of the group are asked for one chat at most, until the next step is; at least
  /// 1. Those that sleep or are rejected by their breaker do not count. Two outlive one bad target;
  /// with more, a chat that no target can answer costs each of them a failure.
  std::uint32_t max_targets = 2;
  /// In place of `balancer`: one that several routers share, so that cooldowns, calls under way
  /// and the times of answers count for all of them. Each target of the group is one of its members
  /// by name and has the breaker of that member; its weight is the member's. Members that are no
  /// targets of this router are not chosen by it. Null, the default: the router makes its own.
  std::shared_ptr<Balancer> shared_balancer = {};
};

/// Copies of chats for a target that is tried out. Its answers are dropped.
struct RouterShadow {
  /// A target beside the chain, with a name, a breaker and a limit of its own. Its transport must
  /// not block.
  RouterTarget target = {};
  /// The share of chats that are copied, evenly spread; 0 to 1. A hundredth shows whether a target
  /// answers, at a cost that does not matter.
  double share = 0.01;
  /// Copies under way at a time; further chats are not copied. At least 1.
  std::uint32_t max_in_flight = 8;
};

/// The description of a router.
struct RouterOptions {
  std::vector<RouterTarget> targets{};  ///< In order of preference; at least one.
  /// Upper limit of a whole chat, all targets together. Enough for two full attempts.
  Duration total_timeout = std::chrono::seconds(30);
  /// What to do when the breakers of all targets that are awake reject the call. 0, the default:
  /// fail at once, with the time of the earliest breaker's next probe in
  /// `ChatFailure::retry_after`. n > 0: up to n chats at a time are sent to the first of these
  /// targets anyway, bypassing its breaker, which does not record the outcome; for services that
  /// prefer a late attempt to an error. An isolated breaker is never bypassed.
  std::uint32_t last_resorts = 0;
  /// Lets targets be asked side by side (`RouterTarget::fallback_after`), if one chat asks at most
  /// 8; a group counts with its `max_targets`. A target whose transport blocks is never overtaken.
  /// Null, the default: one after another.
  /// `make_net_timer()` for `make_net_transport`. The next target is asked on the thread on which
  /// the timer rings, which a blocking transport would block.
  std::shared_ptr<Timer> timer = {};
  /// What becomes of calls that were overtaken, and of those whose caller left after
  /// `fallback_after`. A caller that leaves earlier cancels the call. Observed calls share
  /// ownership of transport and breaker.
  Overtaken overtaken = Overtaken::observe;
  SteadyClock clock = {};
  /// Options of the groups that targets name. A group that is not listed has the defaults.
  std::vector<RouterGroup> groups{};
  /// What certain answers outside 2xx lead to, by kind; the first one that applies counts. Empty,
  /// the default: each leads to the next target.
  std::vector<FallbackRule> fallback_rules{};
  /// Traffic for a target that is tried out. Null, the default: none.
  std::optional<RouterShadow> shadow = std::nullopt;
  /// Receives `router_…` events: the ledger of each chat when it is decided, a fallback, a failure,
  /// a stream that breaks; and `balancer_cooled_down` of the groups whose `BalancerOptions::events`
  /// are empty. Breakers have their own. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// Sends a chat to its targets in order until one answers.
///
/// Falls back to the next target on: breaker open, connection error, timeout, any status outside
/// 2xx, an invalid reply, a reply without text, known asleep, a chat that its dialect cannot
/// express. If none of the dialects can, the error is `invalid_argument`. Counts as a failure for
/// the breaker: connection errors, timeouts, 5xx and invalid replies; 4xx, replies without text,
/// shortages of this process and a cancelled call are neutral.
///
/// In a group a target that answers 429, 529, or 503 with a Retry-After is left alone for that time
/// and not called in between; that, too, is neutral. Targets of a group that cannot be used at the
/// moment are passed by without an entry in the ledger, unless none can.
///
/// Immutable after construction; copies share breakers and everything else. **Thread-safe**. A
/// router must outlive the calls that run on it.
class VX11_API Router {
 public:
  /// \return every mistake of the description, by target name, in one `invalid_argument` error.
  static Result<Router> create(RouterOptions options);

  /// Blocks until answered. In a route on an event loop: `invalid_argument`; await `async_ask`.
  /// \see async_ask
  Result<ChatReply, ChatFailure> ask(const ChatRequest& chat, Deadline deadline = {}) const;
  /// \return the answer of the first target that gave one, or why none did. `cancelled` if the stop
  ///         token of `deadline` fired.
  Task<Result<ChatReply, ChatFailure>> async_ask(ChatRequest chat, Deadline deadline = {}) const;
  /// The same without copying the chat: the caller keeps chat and router alive until the task has
  /// completed: `co_await router.async_ask(std::cref(chat))`.
  Task<Result<ChatReply, ChatFailure>> async_ask(std::reference_wrapper<const ChatRequest> chat,
                                                 Deadline deadline = {}) const;

  /// The same for a streamed answer, from targets whose transport is a `StreamingTransport`; the
  /// answer of any other transport is one piece. Falls back to the next target only until the first
  /// piece has arrived. The total deadline covers the time to the first piece; after that each
  /// `ChatStream::next` has its own.
  Task<Result<ChatStream, ChatFailure>> async_stream(ChatRequest chat,
                                                     Deadline deadline = {}) const;
  Task<Result<ChatStream, ChatFailure>> async_stream(std::reference_wrapper<const ChatRequest> chat,
                                                     Deadline deadline = {}) const;

  /// The breaker of the target or shadow with that name, or null.
  std::shared_ptr<CircuitBreaker> breaker(std::string_view target) const;
  /// The balancer of the group with that name, or null.
  std::shared_ptr<const Balancer> balancer(std::string_view group) const;
  /// The names of the targets, in order.
  std::vector<std::string> targets() const;

 private:
  struct Impl;
  explicit Router(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
