#include <vx11/power_state_client.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "json/text.hpp"
#include "power/connection.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

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
  return fail(Errc::invalid_argument, std::move(detail), "madre");
}

/// The mistake in `window`, or none.
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

PowerStateView::PowerStateView(std::shared_ptr<Transport> transport, std::string_view origin,
                               PowerOptions options)
    : connection_(
          std::make_shared<const Connection>(std::move(transport), origin, std::move(options))) {}

Result<PowerStateView> PowerStateView::create(std::shared_ptr<Transport> transport,
                                              std::string_view origin, PowerOptions options) {
  PowerStateView view(std::move(transport), origin, std::move(options));
  const Result<void>& valid = view.connection_->valid();
  if (!valid) return fail(valid.error());
  return view;
}

Result<PowerStateClient> PowerStateClient::create(std::shared_ptr<Transport> transport,
                                                  std::string_view origin, PowerOptions options) {
  Result<PowerStateView> view =
      PowerStateView::create(std::move(transport), origin, std::move(options));
  if (!view) return fail(std::move(view.error()));
  return PowerStateClient(*std::move(view));
}

Task<Result<PowerState>> PowerStateView::async_state(Deadline deadline) const {
  return Connection::state(connection_, std::move(deadline));
}

Result<PowerState> PowerStateView::state(Deadline deadline) const {
  return sync_wait(async_state(std::move(deadline)));
}

bool PowerStateView::blocks() const noexcept {
  return connection_->blocks();
}

Task<Result<HttpResponse>> PowerStateView::call(std::string method, std::string path,
                                                std::string json, Deadline deadline) const {
  return Connection::call(connection_, std::move(method), std::move(path), std::move(json),
                          std::move(deadline));
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
