#include "router/stream_call.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <string_view>

#include "http/content_coding.hpp"
#include "http/media_type.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Reads to the end: the upstream sent a complete answer.
Task<Result<void>> complete(HttpResponse& response, BodyStream& body, Deadline deadline) {
  constexpr std::size_t kMost = 4 * 1024 * 1024;
  Errc thrown = Errc::unreachable;
  try {
    for (;;) {
      Result<std::string> piece = co_await body.next(deadline);
      if (!piece) co_return fail(std::move(piece.error()));
      if (piece->empty()) co_return Result<void>();
      if (response.body.size() + piece->size() > kMost) co_return fail(Errc::too_large);
      response.body += *piece;
    }
  } catch (const std::bad_alloc&) {
    thrown = Errc::exhausted;
  } catch (...) {  // reported as unreachable
  }
  co_return fail(thrown);
}

/// Frees what `task` needed: its owner waits for long.
template <class T>
void end_task(Task<T>&& task) noexcept {
  const Task<T> ended = std::move(task);
}

bool is_stream_of(StreamFraming framing, std::string_view content_type) noexcept {
  return framing == StreamFraming::json_lines ? endpoints::is_json_lines(content_type)
                                              : endpoints::is_event_stream(content_type);
}

/// Enough for the body of an error, which follows its head at once; the next target waits for it.
constexpr Duration kRefusalTime = std::chrono::seconds(2);

/// Whether the body of an answer with this status outside 2xx is read: by a rule, or since it may
/// say what is wrong with the chat (`Refusal`).
bool reads_refusal(const RouterOptions& options, int status) noexcept {
  if (status == 400 || status == 413 || status == 422) return true;
  const auto reads = [status](const FallbackRule& rule) {
    const auto& listed = rule.statuses;
    return rule.matches &&
           (listed.empty() || std::find(listed.begin(), listed.end(), status) != listed.end());
  };
  const auto& rules = options.fallback_rules;
  return std::any_of(rules.begin(), rules.end(), reads);
}

}  // namespace

StreamAbility::StreamAbility(const RouterTarget& target, const ChatRequest& chat)
    : transport(dynamic_cast<StreamingTransport*>(target.transport.get())),
      empty(chat.completion_json.empty() ? EmptyAnswers::refused : EmptyAnswers::with_reason) {
  try {
    reader = target.dialect->event_reader();
    framing = target.dialect->framing();
  } catch (...) {  // asked for the whole answer
  }
}

Task<OpenedAnswer> open_answer(std::shared_ptr<const RouterOptions> options,
                               const RouterTarget& target, StreamAbility ability, CallOptions call,
                               const HttpRequest& request, const Deadline& deadline,
                               const Deadline& admission) {
  OpenedAnswer answer;
  const TimePoint start = options->clock.now();
  answer.began = start;
  const Deadline limited =
      deadline.capped(start, std::min(target.try_timeout, target.total_timeout));
  if (ability.form() == AnswerForm::whole) {
    SendThroughBreaker sending(call, request, deadline, admission);
    SendResult& result = co_await sending;
    answer.elapsed = result.elapsed;
    answer.whole.emplace(std::move(result));
    co_return std::move(answer);
  }
  Task<OpenedSend> opening =
      open_through_breaker(call, *ability.transport, request, deadline, admission);
  OpenedSend opened = co_await std::move(opening);
  end_task(std::move(opening));
  SendResult& result = opened.result;
  answer.elapsed = result.elapsed;
  const bool refused = result.response && !result.response->ok();
  if (refused && opened.body != nullptr && reads_refusal(*options, result.response->status)) {
    const Deadline soon = limited.capped(options->clock.now(), kRefusalTime);
    Task<Result<void>> reading = complete(*result.response, *opened.body, soon);
    // The status counts without its body, too.
    [[maybe_unused]] const Result<void> whole = co_await std::move(reading);
  }
  if (!result.response || refused || opened.body == nullptr) {
    answer.whole.emplace(std::move(result));
    co_return std::move(answer);
  }
  const Headers& fields = result.response->headers;
  const bool is_stream = is_stream_of(ability.framing, fields.get("Content-Type")) &&
                         http_detail::applied_coding(fields).empty();
  if (!is_stream) {
    Task<Result<void>> reading = complete(*result.response, *opened.body, limited);
    const Result<void> whole = co_await std::move(reading);
    answer.elapsed = result.elapsed = options->clock.now() - start;
    if (whole) {
      answer.whole.emplace(std::move(result));
      co_return std::move(answer);
    }
    const Errc code = deadline.cancelled() ? Errc::cancelled : whole.error().code;
    result.conclude(verdict_on(code));
    answer.breaker_change = result.breaker_change;
    const bool exceeds_total = code == Errc::timeout && answer.elapsed >= target.total_timeout;
    answer.broken = exceeds_total ? total_timeout_error(target.name, target.total_timeout)
                                  : safe_error(target.name, code);
    co_return std::move(answer);
  }
  auto stream = std::make_unique<OpenedAnswer::Stream>(
      std::move(options),
      OpenedStream(target.name, std::move(opened), std::move(ability.reader), ability.framing,
                   ability.empty, start, saturated_add(start, target.total_timeout)));
  Task<Result<void>> beginning = stream->begin(limited);
  Result<void> begun = co_await std::move(beginning);
  answer.elapsed = stream->elapsed();
  if (begun) {
    stream->begun_well(answer.elapsed);
    answer.stream = std::move(stream);
  } else {
    answer.broken = std::move(begun.error());
    answer.breaker_change = stream->breaker_change();
    answer.empty = stream->take_empty();
  }
  co_return std::move(answer);
}

std::unique_ptr<OpenedAnswer::Stream> OpenedAnswer::settle(const RouterTarget& target,
                                                           ChatAttemptState& state,
                                                           std::size_t entry) {
  state.began(entry, began);
  if (stream) {
    state.take(target, ChatAnswer(), elapsed, entry);
  } else if (whole) {
    state.conclude(target, *whole, entry);
  } else {
    state.broke(target, broken, elapsed, entry, breaker_change);
    if (empty) state.keep_empty(target, std::move(*empty), entry);
  }
  return std::move(stream);
}

bool OpenedAnswer::settle_alone(const RouterTarget& target) noexcept {
  if (whole) return judge(target, *whole) == Verdict::success;
  if (!stream) return false;
  stream->drop();
  return true;
}

StreamCall::StreamCall(const RouterCore& router, std::shared_ptr<const RouterOptions>&& kept,
                       const RouterTarget& target, StreamAbility ability,
                       const CallOptions& options, HttpRequest&& request, const Deadline& total,
                       std::unique_ptr<Stream>& into)
    : TargetCall(router, target),
      request_(std::move(request)),
      limit_(TimePoint::max(), stop_token()),
      left_(total.stop_token()),
      into_(into),
      began_(router.options.clock.now()),
      opening_(open_answer(std::move(kept), target, std::move(ability), options, request_, limit_,
                           total)) {}

void StreamCall::settle(ChatAttemptState& state) {
  OpenedAnswer answer = detail::TaskAccess::take(opening_);
  std::unique_ptr<Stream> stream = answer.settle(target(), state, entry);
  if (state.answered()) target_state().stream.add(answer.elapsed);
  if (!stream) return;
  stream->obey(std::move(left_), stop_source());
  into_ = std::move(stream);
}

void StreamCall::settle_alone() noexcept {
  try {
    OpenedAnswer answer = detail::TaskAccess::take(opening_);
    if (answer.settle_alone(target())) target_state().stream.add(answer.elapsed);
  } catch (...) {  // out of memory: nothing is known of the upstream
  }
}

Duration StreamCall::slow_after() const noexcept {
  return slow_after_of(target(), target_state().stream);
}

}  // namespace v0
}  // namespace vx11
