#include <vx11/router.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

#include <fmt/format.h>

#include "guarded_send.hpp"
#include "retry_after.hpp"
#include "router_description.hpp"

namespace vx11::inline v0 {

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::circuit_open:
      return "circuit_open";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::timeout:
      return "timeout";
    case Outcome::error:
      return "error";
    case Outcome::invalid_reply:
      return "invalid_reply";
    case Outcome::asleep:
      return "asleep";
    case Outcome::cancelled:
      return "cancelled";
  }
  return "unknown";
}

/// The description, complete and without mistakes.
struct Router::Impl {
  explicit Impl(RouterOptions options) : options(std::move(options)) {}
  const RouterOptions options;
};

namespace {

Outcome outcome_of(Errc code) noexcept {
  switch (code) {
    case Errc::timeout:
      return Outcome::timeout;
    case Errc::cancelled:
      return Outcome::cancelled;
    case Errc::circuit_open:
      return Outcome::circuit_open;
    case Errc::asleep:
      return Outcome::asleep;
    case Errc::http_status:
      return Outcome::error;
    case Errc::invalid_reply:
    case Errc::too_large:
      return Outcome::invalid_reply;
    case Errc::unreachable:
    case Errc::unavailable:
    case Errc::invalid_argument:  // the transport could not use the origin
    case Errc::storage:
      return Outcome::unreachable;
  }
  return Outcome::unreachable;
}

/// What a function of the user returns, or an error if it throws.
template <class F>
auto guarded(Errc otherwise, F call) noexcept -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return fail(otherwise, "the dialect failed");
  }
}

bool is_asleep(const RouterTarget& target) noexcept {
  try {
    return target.asleep && target.asleep();
  } catch (...) {  // nothing is known, so it is asked
    return false;
  }
}

/// One chat on its way through the targets: what has come of it so far.
class Ask {
 public:
  explicit Ask(ChatRequest chat) : chat_(std::move(chat)) {}

  /// The request for `target`, unless it is to be passed by.
  std::optional<HttpRequest> prepare(const RouterTarget& target) {
    Result<HttpRequest> request =
        guarded(Errc::invalid_argument, [&] { return target.dialect->ask(chat_); });
    if (!request) {
      end(target, std::move(request.error()));
      return std::nullopt;
    }
    if (is_asleep(target)) {
      note(target, Error(Errc::asleep, "the service sleeps", target.name), {});
      return std::nullopt;
    }
    request->origin = target.url;
    for (const Header& header : target.headers) request->headers.add(header.name, header.value);
    return std::move(*request);
  }

  /// Judges what came of asking `target`.
  void conclude(const RouterTarget& target, Exchange exchange) {
    hint(exchange.retry_after);
    if (!exchange.response) return note(target, exchange.response.error(), exchange.elapsed);
    const HttpResponse& response = *exchange.response;
    if (!response.ok()) {
      exchange.conclude(verdict_on(response.status));
      hint(retry_after(response).value_or(Duration::zero()));
      auto detail = fmt::format("HTTP status {}", response.status);
      return note(target, Error(Errc::http_status, std::move(detail), target.name),
                  exchange.elapsed);
    }
    Result<ChatAnswer> answer =
        guarded(Errc::invalid_reply, [&] { return target.dialect->read(response); });
    exchange.conclude(answer ? Verdict::success : Verdict::failure);
    if (answer) return take(target, std::move(*answer), exchange.elapsed);
    note(target, Error(Errc::invalid_reply, "the answer could not be understood", target.name),
         exchange.elapsed);
  }

  bool over() const noexcept { return over_; }

  Result<ChatReply, ChatFailure> result() {
    if (reply_) {
      reply_->attempts = std::move(attempts_);
      return std::move(*reply_);
    }
    ChatFailure failure(std::move(*error_));
    failure.attempts = std::move(attempts_);
    failure.retry_after = retry_after_;
    return tl::unexpected(std::move(failure));
  }

 private:
  /// The call itself is at fault, or nobody waits for it any more.
  void end(const RouterTarget& target, Error error) {
    error.upstream = target.name;
    error_ = std::move(error);
    over_ = true;
  }

  void note(const RouterTarget& target, const Error& error, Duration elapsed) {
    attempts_.emplace_back(target.name, outcome_of(error.code), elapsed);
    if (error.code == Errc::cancelled) return end(target, error);
    if (!error_) error_ = error;
  }

  void take(const RouterTarget& target, ChatAnswer answer, Duration elapsed) {
    reply_.emplace();
    reply_->text = std::move(answer.text);
    reply_->source = target.name;
    reply_->rank = attempts_.size();
    if (!attempts_.empty()) {
      const Attempt& first = attempts_.front();
      reply_->reason = fmt::format("{}_{}", first.target, to_string(first.outcome));
    }
    reply_->upstream_json = std::move(answer.upstream_json);
    attempts_.emplace_back(target.name, Outcome::answered, elapsed);
    over_ = true;
  }

  /// The earliest of all hints is when asking again makes sense.
  void hint(Duration retry_after) noexcept {
    if (retry_after <= Duration::zero()) return;
    const bool first = retry_after_ == Duration::zero();
    retry_after_ = first ? retry_after : std::min(retry_after_, retry_after);
  }

  const ChatRequest chat_;
  std::vector<Attempt> attempts_ = {};
  std::optional<ChatReply> reply_ = std::nullopt;
  std::optional<Error> error_ = std::nullopt;  ///< Of the first target, or what ended the ask.
  Duration retry_after_ = {};
  bool over_ = false;
};

Guard guard_of(const RouterTarget& target, SteadyClock clock) {
  return Guard(target.name, *target.transport, target.limit, clock, target.breaker.get());
}

Task<Result<ChatReply, ChatFailure>> ask_in_order(std::shared_ptr<const RouterOptions> options,
                                                  ChatRequest chat, Deadline deadline) {
  const Deadline total = deadline.capped(options->clock.now(), options->deadline);
  Ask ask(std::move(chat));
  for (const RouterTarget& target : options->targets) {
    const std::optional<HttpRequest> request = ask.prepare(target);
    if (request) {
      const Guard guard = guard_of(target, options->clock);
      Exchange exchange = co_await guarded_send(guard, *request, total);
      ask.conclude(target, std::move(exchange));
    }
    if (ask.over()) break;
  }
  co_return ask.result();
}

}  // namespace

Result<Router> Router::create(RouterOptions options) {
  const std::string mistakes = complete(options);
  if (!mistakes.empty()) return fail(Errc::invalid_argument, mistakes);
  return Router(std::make_shared<const Impl>(std::move(options)));
}

Task<Result<ChatReply, ChatFailure>> Router::async_ask(ChatRequest chat, Deadline deadline) const {
  // The graph is kept alive by the ask, not by the router: one may be replaced while it answers.
  return ask_in_order(std::shared_ptr<const RouterOptions>(impl_, &impl_->options), std::move(chat),
                      std::move(deadline));
}

Result<ChatReply, ChatFailure> Router::ask(ChatRequest chat, Deadline deadline) const {
  return sync_wait(async_ask(std::move(chat), std::move(deadline)));
}

std::shared_ptr<CircuitBreaker> Router::breaker(std::string_view target) const {
  for (const RouterTarget& each : impl_->options.targets) {
    if (each.name == target) return each.breaker;
  }
  return nullptr;
}

std::vector<std::string> Router::targets() const {
  std::vector<std::string> names;
  for (const RouterTarget& each : impl_->options.targets) names.push_back(each.name);
  return names;
}

}  // namespace vx11::inline v0
