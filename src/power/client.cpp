#include <vx11/power_state_client.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "json/text.hpp"
#include "power/connection.hpp"
#include "power/reply.hpp"
#include "threads/blocking_wait.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

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
  return wait_for(async_state(std::move(deadline)), !blocks(), "async_state");
}

bool PowerStateView::blocks() const noexcept {
  return connection_->blocks();
}

Task<std::shared_ptr<const PowerReading>> PowerStateView::async_reading(Deadline deadline) const {
  return Connection::reading(connection_, std::move(deadline));
}

Task<Result<HttpResponse>> PowerStateView::get(std::string path, Deadline deadline) const {
  return Connection::get(connection_, std::move(path), std::move(deadline));
}

const std::string& PowerStateView::power_key() const noexcept {
  return connection_->power_key();
}

Task<Result<HttpResponse>> PowerStateView::post(std::string path, std::string json,
                                                const Headers& headers, Deadline deadline) const {
  return Connection::post(connection_, std::move(path), std::move(json), headers,
                          std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_status(Deadline deadline) const {
  return to_reply(get("/madre/power/status", std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_solo_madre_status(Deadline deadline) const {
  return to_reply(get("/madre/power/policy/solo_madre/status", std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_apply_solo_madre(Deadline deadline) const {
  return async_apply_solo_madre(Headers(), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_apply_solo_madre(const Headers& headers,
                                                                  Deadline deadline) const {
  return to_reply(post("/madre/power/policy/solo_madre/apply", "{}", headers, std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_open_window(WindowRequest window,
                                                             Deadline deadline) const {
  return async_open_window(std::move(window), Headers(), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_open_window(WindowRequest window,
                                                             const Headers& headers,
                                                             Deadline deadline) const {
  std::string mistake = mistake_in(window);
  if (!mistake.empty()) return refuse_command(std::move(mistake));
  return to_reply(post("/madre/power/window/open", to_json(window), headers, std::move(deadline)));
}

Task<Result<MadreReply>> PowerStateClient::async_close_window(std::string window_id,
                                                              Deadline deadline) const {
  return async_close_window(window_id, Headers(), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_close_window(const std::string& window_id,
                                                              const Headers& headers,
                                                              Deadline deadline) const {
  std::string body =
      window_id.empty() ? "{}" : fmt::format(R"({{"window_id":{}}})", json::quoted(window_id));
  return to_reply(post("/madre/power/window/close", std::move(body), headers, std::move(deadline)));
}

Result<MadreReply> PowerStateClient::status(Deadline deadline) const {
  return wait_for(async_status(std::move(deadline)), !blocks(), "async_status");
}
Result<MadreReply> PowerStateClient::solo_madre_status(Deadline deadline) const {
  return wait_for(async_solo_madre_status(std::move(deadline)), !blocks(),
                  "async_solo_madre_status");
}
Result<MadreReply> PowerStateClient::apply_solo_madre(Deadline deadline) const {
  return wait_for(async_apply_solo_madre(std::move(deadline)), !blocks(), "async_apply_solo_madre");
}
Result<MadreReply> PowerStateClient::open_window(WindowRequest window, Deadline deadline) const {
  return wait_for(async_open_window(std::move(window), std::move(deadline)), !blocks(),
                  "async_open_window");
}
Result<MadreReply> PowerStateClient::close_window(std::string window_id, Deadline deadline) const {
  return wait_for(async_close_window(std::move(window_id), std::move(deadline)), !blocks(),
                  "async_close_window");
}

}  // namespace v0
}  // namespace vx11
