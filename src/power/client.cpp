#include <vx11/power_state_client.hpp>
#include <vx11/url.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "json/text.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kMadre = "madre";

/// The way to madre, held by every call so that it outlives the view it was made through.
struct MadreConnection {
  MadreConnection(std::shared_ptr<Transport> transport, const PowerOptions& options)
      : transport(std::move(transport)),
        breaker(options.breaker),
        timeout(options.timeout),
        clock(options.clock) {}

  std::shared_ptr<Transport> transport;
  std::shared_ptr<CircuitBreaker> breaker;
  Duration timeout;
  SteadyClock clock;
};

tl::unexpected<Error> madre_failed(Errc code, std::string detail) {
  return fail(code, std::move(detail), std::string(kMadre));
}

tl::unexpected<Error> bad_status(int status) {
  return madre_failed(Errc::http_status, fmt::format("HTTP status {}", status));
}

/// What can be wrong with the way to madre, or nothing.
std::string_view mistake_in(const MadreConnection& madre, const HttpRequest& request) noexcept {
  if (madre.transport == nullptr) return "no transport";
  if (request.origin.empty()) return "the origin must be http://host[:port], without a path";
  if (madre.timeout <= Duration::zero()) return "the timeout must be positive";
  return {};
}

/// How the body of an answer that is no failure becomes a value.
template <class T>
using Read = Result<T> (*)(HttpResponse response);

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

/// One request under limit and breaker, the breaker told whether the answer could be understood.
template <class T>
Task<Result<T>> ask_madre(MadreConnection madre, HttpRequest request, Deadline deadline,
                          Read<T> read) {
  const std::string_view mistake = mistake_in(madre, request);
  if (!mistake.empty()) co_return madre_failed(Errc::invalid_argument, std::string(mistake));
  const CallOptions call(kMadre, *madre.transport, madre.timeout, madre.clock, madre.breaker.get());
  SendThroughBreaker sending(call, request, deadline);
  SendResult& sent = co_await sending;
  if (!sent.response) co_return fail(std::move(sent.response.error()));
  const int status = sent.response->status;
  Verdict verdict = verdict_on(status);
  Result<T> value =
      verdict == Verdict::failure ? Result<T>(bad_status(status)) : read(std::move(*sent.response));
  if (verdict == Verdict::success && !value) verdict = Verdict::failure;
  sent.conclude(verdict);
  co_return std::move(value);
}

HttpRequest request_to(const std::string& origin, std::string method, std::string path,
                       std::string json, const Headers& headers) {
  HttpRequest request(std::move(method), origin, std::move(path));
  request.headers = headers;
  request.headers.set("Accept", "application/json");
  if (!json.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(json);
  return request;
}

using Reply = Task<Result<MadreReply>>;

Reply to_reply(Task<Result<HttpResponse>> call) {
  Result<HttpResponse> response = co_await std::move(call);
  if (!response) co_return fail(std::move(response.error()));
  co_return MadreReply(response->status, std::move(response->body));
}

std::string service_path(const std::string& service, std::string_view action) {
  return fmt::format("/madre/power/service/{}/{}", service, action);
}

Reply refuse(std::string detail) {
  return madre_failed(Errc::invalid_argument, std::move(detail));
}

/// What is wrong with `window`, or nothing.
std::string mistake_in(const WindowRequest& window) {
  if (window.services.empty()) return "a window needs at least one service";
  if (!std::all_of(window.services.begin(), window.services.end(), is_known_service)) {
    return "unknown service";
  }
  if (window.ttl && *window.ttl < std::chrono::seconds(1)) {
    return "ttl must be at least a second";
  }
  return {};
}

std::string to_json(const WindowRequest& window) {
  std::string out = R"({"services":[)";
  for (const std::string& service : window.services) {
    json::append_string(out, service);
    out += ',';
  }
  out.back() = ']';
  if (window.ttl) {
    out += fmt::format(R"(,"mode":"ttl","ttl_sec":{})", window.ttl->count());
  } else {
    out += R"(,"mode":"hold")";
  }
  out += R"(,"reason":)";
  json::append_string(out, window.reason);
  return out += '}';
}

}  // namespace

PowerStateView::PowerStateView(std::shared_ptr<Transport> transport, std::string origin,
                               PowerOptions options)
    : transport_(std::move(transport)),
      origin_(Url::parse(origin).map(&Url::text).value_or(std::string())),
      options_(std::move(options)) {}

Task<Result<PowerState>> PowerStateView::async_state(Deadline deadline) const {
  return ask_madre(MadreConnection(transport_, options_),
                   request_to(origin_, "GET", "/madre/power/state", {}, options_.headers),
                   std::move(deadline), &read_state);
}

Result<PowerState> PowerStateView::state(Deadline deadline) const {
  return sync_wait(async_state(std::move(deadline)));
}

Task<Result<HttpResponse>> PowerStateView::call(std::string method, std::string path,
                                                std::string json, Deadline deadline) const {
  return ask_madre(
      MadreConnection(transport_, options_),
      request_to(origin_, std::move(method), std::move(path), std::move(json), options_.headers),
      std::move(deadline), &read_json);
}

Task<Result<MadreReply>> PowerStateClient::async_status(Deadline deadline) const {
  return to_reply(call("GET", "/madre/power/status", {}, std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_solo_madre_status(Deadline deadline) const {
  return to_reply(call("GET", "/madre/power/policy/solo_madre/status", {}, std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_apply_solo_madre(Deadline deadline) const {
  return to_reply(call("POST", "/madre/power/policy/solo_madre/apply", "{}", std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_open_window(WindowRequest window,
                                                             Deadline deadline) const {
  std::string mistake = mistake_in(window);
  if (!mistake.empty()) return refuse(std::move(mistake));
  return to_reply(call("POST", "/madre/power/window/open", to_json(window), std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_close_window(std::string window_id,
                                                              Deadline deadline) const {
  std::string body =
      window_id.empty() ? "{}" : fmt::format(R"({{"window_id":{}}})", json::quoted(window_id));
  return to_reply(call("POST", "/madre/power/window/close", std::move(body), std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_start(std::string service,
                                                       Deadline deadline) const {
  if (!is_known_service(service)) return refuse("unknown service");
  return to_reply(call("POST", service_path(service, "start"), "{}", std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_stop(std::string service,
                                                      Deadline deadline) const {
  if (!is_known_service(service)) return refuse("unknown service");
  return to_reply(call("POST", service_path(service, "stop"), "{}", std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_restart(std::string service,
                                                         Deadline deadline) const {
  if (!is_known_service(service)) return refuse("unknown service");
  return to_reply(call("POST", service_path(service, "restart"), "{}", std::move(deadline)));
}

Result<MadreReply> PowerStateClient::status(Deadline deadline) const {
  return sync_wait(async_status(std::move(deadline)));
}
Result<MadreReply> PowerStateClient::solo_madre_status(Deadline deadline) const {
  return sync_wait(async_solo_madre_status(std::move(deadline)));
}
Result<MadreReply> PowerStateClient::apply_solo_madre(Deadline deadline) const {
  return sync_wait(async_apply_solo_madre(std::move(deadline)));
}
Result<MadreReply> PowerStateClient::open_window(WindowRequest window, Deadline deadline) const {
  return sync_wait(async_open_window(std::move(window), std::move(deadline)));
}
Result<MadreReply> PowerStateClient::close_window(std::string window_id, Deadline deadline) const {
  return sync_wait(async_close_window(std::move(window_id), std::move(deadline)));
}
Result<MadreReply> PowerStateClient::start(std::string service, Deadline deadline) const {
  return sync_wait(async_start(std::move(service), std::move(deadline)));
}
Result<MadreReply> PowerStateClient::stop(std::string service, Deadline deadline) const {
  return sync_wait(async_stop(std::move(service), std::move(deadline)));
}
Result<MadreReply> PowerStateClient::restart(std::string service, Deadline deadline) const {
  return sync_wait(async_restart(std::move(service), std::move(deadline)));
}

}  // namespace v0
}  // namespace vx11
