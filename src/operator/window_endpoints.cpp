#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
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
#include "power/command_verdict.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::int64_t kMaxTtlSeconds = 365 * 24 * 3600;
constexpr std::size_t kMaxReasonBytes = 1024;
constexpr std::size_t kMaxIdBytes = 256;

enum OpenField : std::size_t { services, ttl_sec, mode, reason, replaces };
constexpr std::array<std::string_view, 5> kOpenNames = {"services", "ttl_sec", "mode", "reason",
                                                        "replaces"};
constexpr std::array<std::string_view, 1> kCloseNames = {"window_id"};

struct OpenOrder {
  WindowRequest window = {};
  std::string replaces = {};  ///< The id of the window to close first; empty: none.
};

/// Parses a body into the window to open, or returns the answer to an invalid body.
tl::expected<OpenOrder, HttpResponse> read_open_order(std::string_view body) {
  auto fields = BodyFields::read(body, kOpenNames);
  if (!fields) return tl::unexpected(std::move(fields.error()));
  OpenOrder order;
  WindowRequest& window = order.window;
  window.services = fields->required_choices(services, known_services());
  const auto ttl = fields->optional_integer(ttl_sec, 1, kMaxTtlSeconds);
  if (ttl) window.ttl = std::chrono::seconds(*ttl);
  if (fields->optional_choice(mode, {"ttl", "hold"}) == "hold") window.ttl = std::nullopt;
  window.reason = fields->optional_word(reason, kMaxReasonBytes);
  order.replaces = fields->optional_word(replaces, kMaxIdBytes);
  if (!fields->are_good()) return tl::unexpected(fields->complaint());
  return order;
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
  state.windows.empty() ? void(json.raw("null")) : write_window(json, state.windows.front());
}

/// madre's object with a member of ours in front, in place of hers of that name.
/// \param value its JSON
std::string with_member(const std::string& object, std::string_view name, std::string_view value) {
  const auto theirs = json::split_object(object, std::array<std::string_view, 1>{name});
  if (!theirs) return object;
  json::Writer ours;
  ours.open('{').key(name).raw(value).close('}');
  return json::merge_objects(std::move(ours).take(), theirs->rest);
}

/// madre's refusal to open a second window, with the one that is open.
std::string with_open_window(const std::string& refusal, const PowerState& state) {
  json::Writer window;
  write_open_window(window, state);
  return with_member(refusal, "window", std::move(window).take());
}

HttpResponse window_not_open(const PowerState& state) {
  json::Writer json(256);
  json.open('{').key("error").string("window_not_open").key("status_code").integer(404);
  json.key("window");
  write_open_window(json, state);
  json.close('}');
  return json_answer(404, std::move(json).take());
}

/// Opens a window in place of another, as one command.
struct Replacement {
  Replacement(const PowerStateClient& client, OpenOrder order, Headers with,
              std::shared_ptr<PowerGovernor::Command> command)
      : power(client),
        id(std::move(order.replaces)),
        window(std::move(order.window)),
        headers(std::move(with)),
        slot(std::move(command)) {}

  const PowerStateClient power;
  const std::string id;  ///< Of the window to close first.
  const WindowRequest window;
  const Headers headers;
  const std::shared_ptr<PowerGovernor::Command> slot;
  std::atomic<bool> has_closed = false;
};

/// \return madre's answer to the close if that was not carried out; else to the new window
Task<Result<MadreReply>> replace(std::shared_ptr<Replacement> order, Deadline deadline) {
  auto closing = order->power.async_close_window(order->id, order->headers, deadline);
  Result<MadreReply> closed = co_await std::move(closing);
  const bool is_done = closed && verdict_of(*closed).outcome == CommandOutcome::done;
  if (!is_done) co_return std::move(closed);
  order->has_closed.store(true, std::memory_order_relaxed);
  auto opening = order->power.async_open_window(order->window, order->headers, std::move(deadline));
  Result<MadreReply> opened = co_await std::move(opening);
  order->slot->opened(order->window, opened);
  co_return std::move(opened);
}

/// What became of the new window, beside the one that was closed for it.
HttpResponse with_closed(HttpResponse answer, const std::string& id) {
  json::Writer closed;
  closed.string(id);
  answer.body = with_member(answer.body, "closed_window_id", std::move(closed).take());
  return answer;
}

constexpr int kConflict = 409;

}  // namespace

/// madre can neither extend a window nor hold two, so one that replaces another is opened after
/// that one was closed. It is admitted first: what is refused by a rule closes nothing.
Task<HttpResponse> open_window(const Context& context, const Call& call) {
  auto order = read_open_order(call.request.body);
  if (!order) co_return std::move(order.error());
  auto command = context.options.governor->admit(order->window);
  if (!command) co_return off_by_policy(command.error(), call);
  const PowerStateClient& power = *context.options.power;
  HeldCommand held;
  held.slot = std::make_shared<PowerGovernor::Command>(*std::move(command));
  std::shared_ptr<Replacement> replacement;
  if (order->replaces.empty()) {
    held.window = order->window;
    held.send = [power, window = order->window, headers = traced(call)](Deadline deadline) {
      return power.async_open_window(window, headers, std::move(deadline));
    };
  } else {
    const auto state = co_await power.async_state(call.deadline);  // meanwhile no other begins
    if (!state) co_return madre_offline(context, state.error());
    if (window_of(*state, order->replaces) == nullptr) co_return window_not_open(*state);
    replacement = std::make_shared<Replacement>(power, *order, traced(call), held.slot);
    held.send = [replacement](Deadline deadline) {
      return replace(replacement, std::move(deadline));
    };
  }
  auto opening = context.commands.run(std::move(held), power.blocks(), call.deadline);
  Result<MadreReply> reply = co_await std::move(opening);
  if (reply && reply->status == kConflict) {
    const auto state = co_await power.async_state(call.deadline);
    if (state) reply->json = with_open_window(reply->json, *state);
  }
  HttpResponse answer = command_answer(context, call, std::move(reply));
  const bool has_closed = replacement && replacement->has_closed.load(std::memory_order_relaxed);
  if (!has_closed) co_return answer;
  co_return with_closed(std::move(answer), order->replaces);
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
