#pragma once

/// \file
/// `to_json`: the values that the library returns, as the text of JSON, for logs, pages and other
/// languages. The C interface returns the same texts.
///
/// Pure functions; thread-safe. Times are RFC 3339, durations are milliseconds (`…_ms`) or whole
/// seconds (`…_s`). Text that is not UTF-8 has U+FFFD in its place.

#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <optional>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// `{"code","upstream","detail"}`, with `retry_after_ms` if the time is known.
VX11_API std::string to_json(const Error& error);
/// The same, with `attempts` as in a reply, and `retry_after_ms` always.
VX11_API std::string to_json(const ChatFailure& failure);
/// `{"text","source","rank","reason","attempts":[{"target","outcome","elapsed_ms"},…],"upstream"}`
VX11_API std::string to_json(const ChatReply& reply);
/// `{"state","generation","failures","retry_after_ms"}`
VX11_API std::string to_json(const CircuitSnapshot& snapshot);
/// `{"policy","windows":[{"id","created_at","ttl_s","services"},…],"running","available"}`; `ttl_s`
/// is null for a window without expiry.
VX11_API std::string to_json(const PowerState& state);
/// `{"status","answer"}`
VX11_API std::string to_json(const MadreReply& reply);
/// `{"overall","components":[{"name","status","port","required","reason","error","latency_ms",
/// "checked_at","source"},…],"power"}`; `power` is null if unknown.
VX11_API std::string to_json(const HealthReport& report);
/// `[{"role","content","timestamp","metadata"},…]`
VX11_API std::string to_json(const std::vector<Message>& messages);
/// `{"id","user_id","created_at","last_accessed","messages"}`, or `null`.
VX11_API std::string to_json(const std::optional<Session>& session);

}  // namespace v0
}  // namespace vx11
