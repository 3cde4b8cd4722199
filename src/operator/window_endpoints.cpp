#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "front/chat_trace.hpp"
#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "operator/body_fields.hpp"
#include "operator/endpoints.hpp"
#include "operator/power_answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::int64_t kMaxTtlSeconds = 365 * 24 * 3600;
constexpr std::size_t kMaxReasonBytes = 1024;
constexpr std::size_t kMaxIdBytes = 256;

enum OpenField : std::size_t { services, ttl_sec, mode, reason };
constexpr std::array<std::string_view, 4> kOpenNames = {"services", "ttl_sec", "mode", "reason"};
constexpr std::array<std::string_view, 1> kCloseNames = {"window_id"};

/// Parses a body into the window to open, or returns the answer to an invalid body.
tl::expected<WindowRequest, HttpResponse> read_window(std::string_view body) {
  auto fields = BodyFields::read(body, kOpenNames);
  if (!fields) return tl::unexpected(std::move(fields.error()));
  WindowRequest window;
  window.services = fields->required_choices(services, known_services());
  const auto ttl = fields->optional_integer(ttl_sec, 1, kMaxTtlSeconds);
  if (ttl) window.ttl = std::chrono::seconds(*ttl);
  if (fields->optional_choice(mode, {"ttl", "hold"}) == "hold") window.ttl = std::nullopt;
  window.reason = fields->optional_word(reason, kMaxReasonBytes);
  if (!fields->are_good()) return tl::unexpected(fields->complaint());
  return window;
}

/// The id of the window to close; empty: the current one.
tl::expected<std::string, HttpResponse> read_window_id(std::string_view body) {
  if (body.empty()) return std::string();
  auto fields = BodyFields::read(body, kCloseNames);
  if (!fields) return tl::unexpected(std::move(fields.error()));
  std::string id(fields->optional_word(0, kMaxIdBytes));
  if (!fields->are_good()) return tl::unexpected(fields->complaint());
  return id;
}

Headers traced(const Call& call) {
  Headers headers;
  add_trace(headers, call.trace, call.request.headers);
  return headers;
}

const PowerWindow* window_of(const PowerState& state, std::string_view id) {
  const auto found = std::find_if(state.windows.begin(), state.windows.end(),
                                  [=](const PowerWindow& each) { return each.id == id; });
  return found == state.windows.end() ? nullptr : &*found;
}

void write_open_window(json::Writer& json, const PowerState& state) {
  json.key("window");
  state.windows.empty() ? void(json.raw("null")) : write_window(json, state.windows.front());
}

/// madre's refusal to open a second window, with the one that is open.
std::string with_open_window(const std::string& refusal, const PowerState& state) {
  static constexpr std::array<std::string_view, 1> kOurs = {"window"};
  const auto theirs = json::split_object(refusal, kOurs);
  if (!theirs) return refusal;
  json::Writer ours;
  ours.open('{');
  write_open_window(ours, state);
  ours.close('}');
  return json::merge_objects(std::move(ours).take(), theirs->rest);
}

HttpResponse window_not_open(const PowerState& state) {
  json::Writer json(256);
  json.open('{').key("error").string("window_not_open").key("status_code").integer(404);
  write_open_window(json, state);
  json.close('}');
  return json_answer(404, std::move(json).take());
}

constexpr int kConflict = 409;

}  // namespace

Task<HttpResponse> open_window(const Context& context, const Call& call) {
  auto window = read_window(call.request.body);
  if (!window) co_return std::move(window.error());
  auto command = context.options.governor->admit(*window);
  if (!command) co_return off_by_policy(command.error(), call);
  const PowerStateClient& power = *context.options.power;
  HeldCommand held;
  held.slot = std::make_shared<PowerGovernor::Command>(*std::move(command));
  held.window = *window;
  held.send = [power, window = *window, headers = traced(call)](Deadline deadline) {
    return power.async_open_window(window, headers, std::move(deadline));
  };
  auto opening = context.commands.run(std::move(held), power.blocks(), call.deadline);
  Result<MadreReply> reply = co_await std::move(opening);
  if (reply && reply->status == kConflict) {
    const auto state = co_await power.async_state(call.deadline);
    if (state) reply->json = with_open_window(reply->json, *state);
  }
  co_return command_answer(context, call, std::move(reply));
}

/// An id is compared with the open window before the command is sent: the deployed madre may close
/// whichever is open. Where she cannot say which one that is, she decides herself; after a restart
/// with a window open her state cannot be read until it is closed.
Task<HttpResponse> close_window(const Context& context, const Call& call) {
  const auto id = read_window_id(call.request.body);
  if (!id) co_return id.error();
  const PowerStateClient& power = *context.options.power;
  HeldCommand held;
  held.slot = std::make_shared<PowerGovernor::Command>(context.options.governor->begin());
  if (!id->empty()) {  // meanwhile no other command begins
    const auto state = co_await power.async_state(call.deadline);
    if (state && window_of(*state, *id) == nullptr) co_return window_not_open(*state);
  }
  held.send = [power, id = *id, headers = traced(call)](Deadline deadline) {
    return power.async_close_window(id, headers, std::move(deadline));
  };
  auto closing = context.commands.run(std::move(held), power.blocks(), call.deadline);
  co_return command_answer(context, call, co_await std::move(closing));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
