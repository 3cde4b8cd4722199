#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

}  // namespace

Task<HttpResponse> open_window(const Context& context, const Call& call) {
  auto window = read_window(call.request.body);
  if (!window) co_return std::move(window.error());
  const PowerStateClient& power = *context.options.power;
  auto opening = power.async_open_window(*std::move(window), call.deadline);
  co_return command_answer(context, co_await std::move(opening));
}

Task<HttpResponse> close_window(const Context& context, const Call& call) {
  auto id = read_window_id(call.request.body);
  if (!id) co_return std::move(id.error());
  const PowerStateClient& power = *context.options.power;
  auto closing = power.async_close_window(*std::move(id), call.deadline);
  co_return command_answer(context, co_await std::move(closing));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
