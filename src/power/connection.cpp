#include "power/connection.hpp"

#include <vx11/url.hpp>

#include <utility>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "router/send_through_breaker.hpp"
#include "text/mistake_list.hpp"

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

Result<void> validate(const Transport* transport, const std::string& origin, Duration timeout) {
  MistakeList mistakes;
  mistakes.add_if(transport == nullptr, "no transport");
  mistakes.add_if(origin.empty(), "the origin must be http://host[:port], without a path");
  mistakes.add_if(timeout <= Duration::zero(), "the timeout must be positive");
  return std::move(mistakes).result().map_error([](Error error) {
    error.upstream = kMadre;
    return error;
  });
}

Result<HttpResponse> read_json(HttpResponse response) {
  const auto scanned = json::scan_object(response.body, {});
  if (!scanned) return madre_failed(Errc::invalid_reply, scanned.error().detail);
  return response;
}

Result<PowerState> read_state(HttpResponse response) {
  if (!response.ok()) return bad_status(response.status);
  auto state = parse_power_state(response.body);
  if (!state) return madre_failed(Errc::invalid_reply, state.error().detail);
  return state;
}

}  // namespace

PowerStateView::Connection::Connection(std::shared_ptr<Transport> transport,
                                       std::string_view origin, PowerOptions options)
    : transport_(std::move(transport)),
      origin_(Url::parse(origin).map(&Url::text).value_or(std::string())),
      options_(std::move(options)),
      valid_(validate(transport_.get(), origin_, options_.timeout)),
      state_calls_(std::make_shared<StateCalls>(options_.clock)) {}

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
Task<Result<T>> PowerStateView::Connection::ask(Ptr self, HttpRequest request, Deadline deadline,
                                                Read<T> read) {
  if (!self->valid_) co_return fail(self->valid_.error());
  const PowerOptions& options = self->options_;
  const CallOptions call(kMadre, *self->transport_, options.timeout, options.clock,
                         options.breaker.get());
  SendThroughBreaker sending(call, request, deadline);
  SendResult& sent = co_await sending;
  if (!sent.response) co_return fail(std::move(sent.response.error()));
  const int status = sent.response->status;
  Verdict verdict = verdict_on_status(status);
  Result<T> value =
      verdict == Verdict::failure ? Result<T>(bad_status(status)) : read(std::move(*sent.response));
  if (verdict == Verdict::success && !value) verdict = Verdict::failure;
  sent.conclude(verdict);
  co_return std::move(value);
}

auto PowerStateView::Connection::ask_state(Ptr self, Deadline deadline) -> Task<StateAnswer> {
  const TimePoint asked_at = self->options_.clock.now();
  const WallTime checked_at = self->options_.wall_clock.now();
  Task<Result<PowerState>> asking = ask<PowerState>(
      self, self->request("GET", "/madre/power/state", {}), std::move(deadline), &read_state);
  Result<PowerState> state = co_await std::move(asking);
  if (state) state->checked_at = checked_at;
  StateAnswer answer(std::move(state), asked_at);
  co_return std::move(answer);
}

Result<PowerState> PowerStateView::Connection::hand_out(const StateAnswer& answer) const {
  Result<PowerState> state = answer.state;
  if (state) state->age = options_.clock.now() - answer.asked_at;
  return state;
}

Task<Result<PowerState>> PowerStateView::Connection::state(Ptr self, Deadline deadline) {
  return self->blocks() ? state_alone(std::move(self), std::move(deadline))
                        : state_shared(std::move(self), std::move(deadline));
}

Task<Result<PowerState>> PowerStateView::Connection::state_alone(Ptr self, Deadline deadline) {
  Task<StateAnswer> asking = ask_state(self, std::move(deadline));
  const StateAnswer answer = co_await std::move(asking);
  co_return self->hand_out(answer);
}

Task<Result<PowerState>> PowerStateView::Connection::state_shared(Ptr self, Deadline deadline) {
  const TimePoint start = self->options_.clock.now();
  if (deadline.cancelled()) co_return fail(safe_error(kMadre, Errc::cancelled));
  if (deadline.passed(start)) co_return fail(safe_error(kMadre, Errc::timeout));
  const auto begin = [self](std::stop_token stop) {
    return ask_state(self, Deadline(TimePoint::max(), std::move(stop)));
  };
  auto joining = StateCalls::join(self->state_calls_, begin, deadline);
  const std::shared_ptr<const StateAnswer> answer = co_await std::move(joining);
  if (answer) co_return self->hand_out(*answer);
  const Errc why = deadline.cancelled() ? Errc::cancelled : Errc::timeout;
  co_return fail(safe_error(kMadre, why, deadline.remaining(start)));
}

/// madre may have executed a command even without an answer, so whatever the result, earlier
/// state calls are superseded.
Task<Result<HttpResponse>> PowerStateView::Connection::command(Ptr self, HttpRequest request,
                                                               Deadline deadline) {
  Task<Result<HttpResponse>> asking =
      ask<HttpResponse>(self, std::move(request), std::move(deadline), &read_json);
  Result<HttpResponse> response = co_await std::move(asking);
  self->state_calls_->supersede();
  co_return std::move(response);
}

Task<Result<HttpResponse>> PowerStateView::Connection::call(Ptr self, std::string method,
                                                            std::string path, std::string json,
                                                            Deadline deadline) {
  const bool is_command = method != "GET";
  HttpRequest request = self->request(std::move(method), std::move(path), std::move(json));
  if (is_command) return command(std::move(self), std::move(request), std::move(deadline));
  return ask<HttpResponse>(std::move(self), std::move(request), std::move(deadline), &read_json);
}

}  // namespace v0
}  // namespace vx11
