#include "power/connection.hpp"

#include <vx11/detail/mistakes.hpp>
#include <vx11/url.hpp>

#include <utility>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "power/reply.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kMadre = "madre";

tl::unexpected<Error> madre_failed(Errc code, std::string detail) {
  return fail(code, std::move(detail), std::string(kMadre));
}

tl::unexpected<Error> bad_status(int status) {
  return madre_failed(Errc::http_status, fmt::format("HTTP status {}", status));
}

/// More than any operator gives at a time; each holds a connection to madre.
constexpr int kMostCommands = 64;

Result<void> validate(const Transport* transport, const std::string& origin,
                      const PowerOptions& options) {
  detail::Mistakes mistakes;
  mistakes.add_if(transport == nullptr, "no transport");
  mistakes.add_if(origin.empty(), "the origin must be http://host[:port], without a path");
  mistakes.add_if(options.timeout <= Duration::zero(), "the timeout must be positive");
  mistakes.add_if(options.reuse_for < Duration::zero(), "reuse_for must not be negative");
  mistakes.add_if(options.command_limit <= Duration::zero(), "the command limit must be positive");
  mistakes.add_if(options.command_patience < options.command_limit,
                  "the command patience must not be shorter than the command limit");
  return std::move(mistakes).result().map_error([](Error error) {
    error.upstream = kMadre;
    return error;
  });
}

/// JSON that is no object, or nested deeper than is read, may be right for madre.
Result<HttpResponse> read_json(HttpResponse response, WallTime /*now*/, Verdict& verdict) {
  const auto scanned = json::scan_object(response.body, {});
  if (scanned) return response;
  if (verdict == Verdict::success) {
    verdict = scanned.error().may_be_json() ? Verdict::neutral : Verdict::failure;
  }
  return madre_failed(Errc::invalid_reply, scanned.error().detail);
}

Result<PowerState> read_state(HttpResponse response, WallTime now, Verdict& verdict) {
  if (!response.ok()) return bad_status(response.status);
  auto state = parse_power_state(response.body, now);
  if (state) return state;
  verdict = Verdict::failure;
  return madre_failed(Errc::invalid_reply, state.error().detail);
}

bool is_good(const PowerReading& reading) noexcept {
  return reading.state.has_value();
}

HttpResponse pending_answer() {
  return HttpResponse(504, "application/json", std::string(kPendingJson));
}

Error out_of_commands() {
  return Error(Errc::exhausted, "too many commands to madre are in progress", std::string(kMadre));
}

/// Supersedes earlier state calls at the end of a command, also of one that ends with an exception.
template <class StateCalls>
class SupersedeAtEnd {
 public:
  explicit SupersedeAtEnd(StateCalls& calls) noexcept : calls_(calls) {}
  SupersedeAtEnd(const SupersedeAtEnd&) = delete;
  SupersedeAtEnd& operator=(const SupersedeAtEnd&) = delete;
  ~SupersedeAtEnd() { calls_.supersede(); }

 private:
  StateCalls& calls_;
};

}  // namespace

/// A command, and its place among those in progress, which it gives back when it has been answered,
/// or is destroyed.
class PowerStateView::Connection::Command {
 public:
  Command(Ptr connection, HttpRequest command)
      : request(std::move(command)), connection_(std::move(connection)) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() { leave_place(); }

  /// \return whether there was one
  bool take_place() noexcept {
    std::atomic<int>& running = connection_->running_commands_;
    for (int seen = running; seen < kMostCommands && !has_place_;) {
      has_place_ = running.compare_exchange_weak(seen, seen + 1);
    }
    return has_place_;
  }
  void leave_place() noexcept {
    if (std::exchange(has_place_, false)) --connection_->running_commands_;
  }

  const HttpRequest request;

 private:
  const Ptr connection_;
  bool has_place_ = false;
};

PowerStateView::Connection::Connection(std::shared_ptr<Transport> transport,
                                       std::string_view origin, PowerOptions options)
    : transport_(std::move(transport)),
      origin_(Url::parse(origin).map(&Url::text).value_or(std::string())),
      options_(std::move(options)),
      valid_(validate(transport_.get(), origin_, options_)),
      state_calls_(std::make_shared<StateCalls>(
          options_.clock, StateCalls::Reuse{.time = options_.reuse_for, .applies = &is_good})),
      commands_(std::make_shared<Commands>(options_.clock)) {}

HttpRequest PowerStateView::Connection::request(std::string method, std::string path,
                                                std::string json) const {
  HttpRequest request(std::move(method), origin_, std::move(path));
  request.headers = options_.headers;
  request.headers.set("Accept", "application/json");
  if (!json.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(json);
  return request;
}

/// One request under limit and breaker, which records whether the answer could be parsed.
template <class T>
auto PowerStateView::Connection::ask(Ptr self, RequestPtr request, Duration limit,
                                     Deadline deadline, Read<T> read) -> Task<Asked<T>> {
  const PowerOptions& options = self->options_;
  if (!self->valid_) co_return Asked<T>(fail(self->valid_.error()), 0);
  const CallOptions call(kMadre, *self->transport_, limit, options.clock, options.breaker.get(),
                         options.linked.get());
  SendThroughBreaker sending(call, *request, deadline);
  SendResult& sent = co_await sending;
  if (!sent.response) co_return Asked<T>(fail(std::move(sent.response.error())), 0);
  const int status = sent.response->status;
  Verdict verdict = verdict_on_status(status);
  Result<T> value = verdict == Verdict::failure
                        ? Result<T>(bad_status(status))
                        : read(std::move(*sent.response), options.wall_clock.now(), verdict);
  sent.conclude(verdict);
  co_return Asked<T>(std::move(value), status);
}

Task<PowerReading> PowerStateView::Connection::ask_state(Ptr self, Deadline deadline) {
  const PowerOptions& options = self->options_;
  const TimePoint asked_at = options.clock.now();
  const WallTime checked_at = options.wall_clock.now();
  auto request =
      std::make_shared<const HttpRequest>(self->request("GET", "/madre/power/state", {}));
  auto asking =
      ask<PowerState>(self, std::move(request), options.timeout, std::move(deadline), &read_state);
  Asked<PowerState> asked = co_await std::move(asking);
  PowerReading reading(std::move(asked.value), asked.status, asked_at);
  if (reading.state) {
    reading.state->checked_at = checked_at;
    reading.state->age = options.clock.now() - asked_at;
  }
  co_return std::move(reading);
}

Task<Result<PowerState>> PowerStateView::Connection::state(Ptr self, Deadline deadline) {
  Task<ReadingPtr> reading_it = reading(self, std::move(deadline));
  const ReadingPtr seen = co_await std::move(reading_it);
  Result<PowerState> state = seen->state;
  if (state) state->age = self->options_.clock.now() - seen->asked_at;
  co_return std::move(state);
}

auto PowerStateView::Connection::reading(Ptr self, Deadline deadline) -> Task<ReadingPtr> {
  return self->blocks() ? read_alone(std::move(self), std::move(deadline))
                        : read_shared(std::move(self), std::move(deadline));
}

auto PowerStateView::Connection::read_alone(Ptr self, Deadline deadline) -> Task<ReadingPtr> {
  Task<PowerReading> asking = ask_state(self, std::move(deadline));
  PowerReading seen = co_await std::move(asking);
  co_return std::make_shared<const PowerReading>(std::move(seen));
}

auto PowerStateView::Connection::read_shared(Ptr self, Deadline deadline) -> Task<ReadingPtr> {
  const auto failed = [](Error error) {
    return std::make_shared<const PowerReading>(fail(std::move(error)), 0);
  };
  const TimePoint start = self->options_.clock.now();
  if (deadline.cancelled()) co_return failed(safe_error(kMadre, Errc::cancelled));
  if (deadline.passed(start)) co_return failed(safe_error(kMadre, Errc::timeout));
  const auto begin = [self](std::stop_token stop) {
    return ask_state(self, Deadline(TimePoint::max(), std::move(stop)));
  };
  auto joining = StateCalls::join(self->state_calls_, begin, deadline);
  ReadingPtr seen = co_await std::move(joining);
  if (seen) co_return std::move(seen);
  const Errc why = deadline.cancelled() ? Errc::cancelled : Errc::timeout;
  co_return failed(safe_error(kMadre, why, deadline.remaining(start)));
}

/// madre may have executed a command even without an answer, so whatever the result, earlier
/// state calls are superseded.
auto PowerStateView::Connection::run(Ptr self, CommandPtr command, Duration limit,
                                     Deadline deadline) -> Task<CommandAnswer> {
  const SupersedeAtEnd superseding(*self->state_calls_);
  RequestPtr request(command, &command->request);
  auto asking = ask<HttpResponse>(self, std::move(request), limit, std::move(deadline), &read_json);
  Asked<HttpResponse> asked = co_await std::move(asking);
  command->leave_place();
  co_return std::move(asked.value);
}

/// Over a transport that blocks: the call ends with its caller's wait.
auto PowerStateView::Connection::run_alone(Ptr self, CommandPtr command, Deadline deadline)
    -> Task<CommandAnswer> {
  Task<CommandAnswer> running =
      run(self, std::move(command), self->options_.command_limit, std::move(deadline));
  CommandAnswer answer = co_await std::move(running);
  if (!answer && answer.error().code == Errc::timeout) co_return pending_answer();
  co_return std::move(answer);
}

/// Over a transport that suspends: the call does not end with its caller's wait.
auto PowerStateView::Connection::run_kept(Ptr self, CommandPtr command, Deadline deadline)
    -> Task<CommandAnswer> {
  const PowerOptions& options = self->options_;
  const auto begin = [self, command](const std::stop_token& /*callers_left*/) {
    return run(self, command, self->options_.command_patience, Deadline());
  };
  auto running = Commands::run_alone(self->commands_, begin,
                                     deadline.capped(options.clock.now(), options.command_limit));
  const std::shared_ptr<const CommandAnswer> answer = co_await std::move(running);
  if (answer) co_return *answer;
  if (deadline.cancelled()) co_return fail(safe_error(kMadre, Errc::cancelled));
  co_return pending_answer();
}

Task<Result<HttpResponse>> PowerStateView::Connection::get(Ptr self, std::string path,
                                                           Deadline deadline) {
  const Duration limit = self->options_.timeout;
  auto request = std::make_shared<const HttpRequest>(self->request("GET", std::move(path), {}));
  auto asking = ask<HttpResponse>(std::move(self), std::move(request), limit, std::move(deadline),
                                  &read_json);
  Asked<HttpResponse> asked = co_await std::move(asking);
  co_return std::move(asked.value);
}

Task<Result<HttpResponse>> PowerStateView::Connection::post(Ptr self, std::string path,
                                                            std::string json,
                                                            const Headers& headers,
                                                            Deadline deadline) {
  if (deadline.cancelled()) return fail(safe_error(kMadre, Errc::cancelled));
  if (deadline.passed(self->options_.clock.now())) return fail(safe_error(kMadre, Errc::timeout));
  HttpRequest request = self->request("POST", std::move(path), std::move(json));
  for (const Header header : headers) request.headers.set(header.name, header.value);
  auto command = std::make_shared<Command>(self, std::move(request));
  if (!command->take_place()) return fail(out_of_commands());
  return self->blocks() ? run_alone(std::move(self), std::move(command), std::move(deadline))
                        : run_kept(std::move(self), std::move(command), std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
