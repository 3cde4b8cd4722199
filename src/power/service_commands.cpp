#include <vx11/power_state_client.hpp>
#include <vx11/retry_after.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "power/reply.hpp"
#include "threads/blocking_wait.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

std::string service_path(const std::string& service, std::string_view action) {
  return fmt::format("/madre/power/service/{}/{}", service, action);
}

constexpr std::string_view kPowerKey = "X-VX11-Power-Key";
constexpr std::string_view kPowerToken = "X-VX11-Power-Token";

/// The decoded text of a member, or its JSON; empty if it is absent or `object` is no JSON object.
std::string member_of(std::string_view object, std::string_view name) {
  const std::array names = {name};
  const auto scanned = json::scan_object(object, names);
  return scanned ? std::string(scanned->members[0].text) : std::string();
}

/// Without it madre only plans.
constexpr std::string_view kConfirmation = "I_UNDERSTAND_THIS_STOPS_SERVICES";

/// Whether the command is to be carried out, and its caller has no token for it. One without the
/// phrase would take a token, of which madre issues few, for a plan.
bool needs_key(const ServiceOrder& order) {
  return member_of(order.json, "apply") == "true" &&
         member_of(order.json, "confirm") == kConfirmation && !order.headers.contains(kPowerToken);
}

}  // namespace

Task<Result<MadreReply>> to_reply(Task<Result<HttpResponse>> call) {
  Result<HttpResponse> response = co_await std::move(call);
  if (!response) co_return fail(std::move(response.error()));
  MadreReply reply(response->status, std::move(response->body));
  reply.retry_after = requested_wait(*response).value_or(Duration::zero());
  co_return std::move(reply);
}

Task<Result<MadreReply>> PowerStateClient::command(const std::string& service,
                                                   std::string_view action, ServiceOrder order,
                                                   Deadline deadline) const {
  if (!is_known_service(service)) return refuse_command("unknown service");
  std::string path = service_path(service, action);
  if (!power_key().empty() && needs_key(order)) {
    return keyed_command(*this, std::move(path), std::move(order), std::move(deadline));
  }
  return to_reply(post(std::move(path), std::move(order.json), order.headers, std::move(deadline)));
}

/// Requests a token, which madre binds to this process's address and User-Agent, and sends the
/// command with it.
Task<Result<MadreReply>> PowerStateClient::keyed_command(PowerStateClient self, std::string path,
                                                         ServiceOrder order, Deadline deadline) {
  Task<Result<MadreReply>> asking = to_reply(self.get("/madre/power/token", deadline));
  Result<MadreReply> issued = co_await std::move(asking);
  if (!issued || !issued->ok()) co_return std::move(issued);
  const std::string token = member_of(issued->json, "token");
  if (token.empty()) {
    co_return fail(Errc::invalid_reply, "madre issued no power token", "madre");
  }
  order.headers.set(kPowerKey, self.power_key());
  order.headers.set(kPowerToken, token);
  order.headers.remove("User-Agent");
  Task<Result<MadreReply>> sending = to_reply(
      self.post(std::move(path), std::move(order.json), order.headers, std::move(deadline)));
  co_return co_await std::move(sending);
}

Task<Result<MadreReply>> PowerStateClient::async_start(std::string service, ServiceOrder order,
                                                       Deadline deadline) const {
  return command(service, "start", std::move(order), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_stop(std::string service, ServiceOrder order,
                                                      Deadline deadline) const {
  return command(service, "stop", std::move(order), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_restart(std::string service, ServiceOrder order,
                                                         Deadline deadline) const {
  return command(service, "restart", std::move(order), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_start(std::string service,
                                                       Deadline deadline) const {
  return command(service, "start", ServiceOrder(), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_stop(std::string service,
                                                      Deadline deadline) const {
  return command(service, "stop", ServiceOrder(), std::move(deadline));
}

Task<Result<MadreReply>> PowerStateClient::async_restart(std::string service,
                                                         Deadline deadline) const {
  return command(service, "restart", ServiceOrder(), std::move(deadline));
}

Result<MadreReply> PowerStateClient::start(std::string service, Deadline deadline) const {
  return wait_for(async_start(std::move(service), std::move(deadline)), !blocks(), "async_start");
}
Result<MadreReply> PowerStateClient::stop(std::string service, Deadline deadline) const {
  return wait_for(async_stop(std::move(service), std::move(deadline)), !blocks(), "async_stop");
}
Result<MadreReply> PowerStateClient::restart(std::string service, Deadline deadline) const {
  return wait_for(async_restart(std::move(service), std::move(deadline)), !blocks(),
                  "async_restart");
}

}  // namespace v0
}  // namespace vx11
