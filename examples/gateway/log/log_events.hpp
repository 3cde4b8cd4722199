#pragma once

/// \file
/// Every line that the program's own log can have: names, levels and fields of its events.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gateway/config/config_values.hpp"

namespace gateway {

/// What a line of the log is about. Names and fields are an interface: alerts are built on them.
enum class LogEvent : std::uint8_t {
  gateway_started,
  gateway_not_started,
  gateway_embedded,
  gateway_stopping,
  gateway_cut_off,
  gateway_stopped,
  backend_started,
  backend_not_started,
  backend_stopping,
  backend_stopped,
  config_warning,
  config_reloaded,
  config_refused,
  config_mistake,
  config_needs_restart,
  file_read,
  file_refused,
  file_failed,
  log_level_set,
  log_level_restored,
  log_lines_lost,
  log_not_reopened,
  log_omitted,
  signal_ignored,
  service_manager_unreachable,
  tls_revocation_list_expired,
  breaker_changed,
  breaker_suspected,
  limits_local,
  limits_shared,
  session_store_left_out,
  session_store_back,
  session_not_read,
  session_not_stored,
  session_evicted,
  chat_reply_refused,
  chat_target_failed,
  health_component_degraded,
  auth_credential_refused,
  auth_scope_missing,
  auth_principal_revoked,
  request_host_refused,
  request_cross_site_refused,
  request_content_type_refused,
  request_coding_refused,
  request_unauthenticated,
  request_forbidden,
  request_not_found,
  request_too_large,
  request_rate_limited,
  request_invalid,
  request_unavailable,
  request_failed,
  request_stream_broken,
  operator_action,
  connection_turned_away,
  connection_evicted,
  connection_accept_failed,
  connection_slow_reader_closed,
  connection_handshake_failed,
  connection_proxy_header_refused,
  server_fewer_threads,
  tracing_spans_lost,
  slo_history_new,
  slo_history_not_kept,
  power_window_opened,
  power_window_closed,
  power_window_ending,
  power_window_refused,
  power_command_failed,
  power_budget_low,
  power_ledger_not_kept,
  server_fewer_connections,
};

/// As many as `LogEvent` has.
inline constexpr std::size_t kLogEvents =
    static_cast<std::size_t>(LogEvent::server_fewer_connections) + 1;

/// How many lines an event may have at once, before it is limited to one a second.
enum class LogBurst : std::uint8_t {
  one = 1,     ///< Of what clients cause as often as they like.
  many = 100,  ///< Of what the configuration and operators cause.
};

/// One event.
struct LogEventInfo {
  LogEvent event = {};
  std::string_view name = {};  ///< `breaker.changed`
  LogLevel level = LogLevel::info;
  LogBurst burst = LogBurst::many;
  /// The message, with fields as `{name}`. A part in brackets is left out while its field is empty.
  std::string_view message = {};
  std::string_view meaning = {};  ///< When there is such a line, and what to do about it.
  std::string_view more = {};     ///< Fields that the message has not, separated by spaces.
};

/// The fields that a line of an event may have: first those of its message.
std::vector<std::string_view> fields_of(const LogEventInfo& info);

/// All events, in the order of `LogEvent`.
std::span<const LogEventInfo, kLogEvents> log_events() noexcept;
const LogEventInfo& info_of(LogEvent event) noexcept;

/// A field of an event. The same name has the same meaning in all of them.
struct LogFieldInfo {
  std::string_view name = {};
  std::string_view unit = {};  ///< Empty: none.
  std::string_view meaning = {};
};

/// All fields, by name.
std::span<const LogFieldInfo> log_fields() noexcept;

}  // namespace gateway
