#include "gateway/log/log_events.hpp"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

using E = LogEvent;
using L = LogLevel;
using B = LogBurst;

/// Of a request that was refused or failed.
#define VX11_OF_REQUEST \
  "[; status {status}][, {method}][ {route}][ from {peer}][, request {request_id}]"

constexpr std::string_view kOfRequest = "principal error trace_id";
constexpr std::string_view kOfRefusal = "principal reason error trace_id";

constexpr std::array<LogEventInfo, kLogEvents> kEvents{{
    {E::gateway_started, "gateway.started", L::info, B::many,
     "vx11-gateway {version}; {upstreams}; sessions: {sessions}",
     "The gateway has bound its listener and answers."},
    {E::gateway_not_started, "gateway.not_started", L::error, B::many,
     "the gateway does not start: {reason}",
     "The process ends. Only with `log.format = \"json\"`; as text the reason stands alone."},
    {E::gateway_embedded, "gateway.embedded", L::warn, B::many,
     "madre.url is not set: this process answers in madre's place, with canned chat and without "
     "power windows; set VX11_MADRE_URL or madre.url, for example to http://madre:8001",
     "At the start, without a madre."},
    {E::gateway_stopping, "gateway.stopping", L::info, B::many,
     "signal {signal}: not ready any more; accepting connections for another {delay}",
     "SIGTERM or SIGINT has arrived."},
    {E::gateway_cut_off, "gateway.cut_off", L::warn, B::many, "{requests} requests were cut off",
     "Requests were in progress at the end of `server.shutdown_grace`."},
    {E::gateway_stopped, "gateway.stopped", L::info, B::many, "stopped",
     "The last line of a process that ends in order."},
    {E::backend_started, "backend.started", L::info, B::many,
     "vx11-operator {version}; gateway: {gateway}; database: {file}; console: {console}",
     "The operator's backend has bound its listener and answers."},
    {E::backend_not_started, "backend.not_started", L::error, B::many,
     "the backend does not start: {reason}",
     "The process ends. Only with `log.format = \"json\"`; as text the reason stands alone."},
    {E::backend_stopping, "backend.stopping", L::info, B::many,
     "signal {signal}: not ready any more; accepting connections for another {delay}",
     "SIGTERM or SIGINT has arrived at the operator's backend."},
    {E::backend_stopped, "backend.stopped", L::info, B::many, "stopped",
     "The last line of a backend that ends in order."},
    {E::config_warning, "config.warning", L::warn, B::many, "{warning}",
     "The configuration is in force, with something to know about it."},
    {E::config_reloaded, "config.reloaded", L::info, B::many,
     "the configuration was read again and is in force", "After SIGHUP or `POST /admin/reload`."},
    {E::config_refused, "config.refused", L::error, B::many,
     "the configuration was not taken over, the one before stays in force; mistakes: {mistakes}",
     "A reload with mistakes, each of which has a line of its own."},
    {E::config_mistake, "config.mistake", L::error, B::many, "not taken over: {mistake}",
     "One mistake of a configuration that was refused."},
    {E::config_needs_restart, "config.needs_restart", L::warn, B::many,
     "needs a restart: {setting}",
     "The setting has changed, and its earlier value stays in force until a restart."},
    {E::file_read, "file.read", L::info, B::many,
     "{setting} was read[ {again}]: {content} in force",
     "Tokens, keys or certificates of a file or URL are in force."},
    {E::file_refused, "file.refused", L::error, B::many,
     "{setting} was not taken over, {content} read before stay in force: {reason}",
     "The new content cannot be used."},
    {E::file_failed, "file.failed", L::error, B::many, "a file was not read again: {reason}",
     "Memory or threads are exhausted; it is tried again."},
    {E::log_level_set, "log.level_set", L::info, B::many,
     "the log level is {new_level} for {period}", "After `PUT /admin/log-level`."},
    {E::log_level_restored, "log.level_restored", L::info, B::many,
     "the log level is the configured one again", "The time of a level that was set has passed."},
    {E::log_lines_lost, "log.lines_lost", L::error, B::one,
     "{file}: {lines} lines were lost: {reason}",
     "Lines of the access log or the audit log could not be written."},
    {E::log_not_reopened, "log.not_reopened", L::error, B::many,
     "{file} cannot be opened again, lines go to the old file: {reason}", "After SIGHUP."},
    {E::log_omitted, "log.omitted", L::info, B::many,
     "{lines} more lines of {omitted_event} were left out",
     "An event was more frequent than once a second."},
    {E::signal_ignored, "signal.ignored", L::warn, B::many, "signal {signal} is ignored",
     "A signal without a meaning for the gateway."},
    {E::service_manager_unreachable, "service_manager.unreachable", L::warn, B::many,
     "NOTIFY_SOCKET={socket}: the service manager gets no reports: {reason}",
     "Once; systemd may then end the process as hanging."},
    {E::tls_revocation_list_expired, "tls.revocation_list_expired", L::warn, B::many,
     "server.tls.client_crl_file: a revocation list has expired at {expired_at}; clients with a "
     "certificate of its authority are refused until the file has a new one",
     "Once an hour while it has expired."},
    {E::breaker_changed, "breaker.changed", L::warn, B::many,
     "circuit breaker of {breaker}: {to}, was {from}[, {mode}]",
     "A circuit breaker has changed its state."},
    {E::breaker_suspected, "breaker.suspected", L::warn, B::many,
     "circuit breaker of {breaker}: open at other gateways; the next failure opens it here",
     "A hint of another gateway, with `chat.breaker_hints`."},
    {E::limits_local, "limits.local", L::warn, B::many,
     "redis does not answer: limits are decided by this gateway alone", "With `limits.shared`."},
    {E::limits_shared, "limits.shared", L::info, B::many,
     "redis answers again: rates of limits hold for all gateways", "With `limits.shared`."},
    {E::session_store_left_out, "session.store_left_out", L::warn, B::many,
     "{operation} failed several times in a row: it is left out for a while, and chats are "
     "answered "
     "without it",
     "The session store does not work; turns are lost until it does."},
    {E::session_store_back, "session.store_back", L::warn, B::many, "{operation} works again",
     "After `session.store_left_out`."},
    {E::session_not_read, "session.not_read", L::warn, B::one, "session not read[: {reason}]",
     "A chat is answered without its history, or a session is not shown."},
    {E::session_not_stored, "session.not_stored", L::warn, B::one, "session not stored[: {reason}]",
     "A turn of a session is lost."},
    {E::session_evicted, "session.evicted", L::warn, B::many,
     "{removed} sessions were removed for want of room: sessions.max, sessions.max_bytes or the "
     "share of a principal is reached",
     "The least recently used were removed; at most one line a second."},
    {E::chat_reply_refused, "chat.reply_refused", L::warn, B::one,
     "reply refused[: {upstream}][: {reason}][: {detail}]",
     "What a target answered is not understood."},
    {E::chat_target_failed, "chat.target_failed", L::warn, B::one,
     "target failed: {upstream}: {reason}[: {detail}]",
     "A target did not answer a chat, which the next one may have done: `unreachable`, `timeout`, "
     "`exhausted`, or `http_401` and its like; `detail` is the cause, such as the error of the "
     "connection."},
    {E::health_component_degraded, "health.component_degraded", L::warn, B::one,
     "component degraded[: {component}][: {reason}]",
     "`GET /operator/status` found a component that answers with errors."},
    {E::auth_credential_refused, "auth.credential_refused", L::warn, B::one,
     "credential refused[: {principal}][: {reason}]" VX11_OF_REQUEST,
     "A wrong, expired or revoked credential, or a guess that was not judged.", kOfRefusal},
    {E::auth_scope_missing, "auth.scope_missing", L::warn, B::one,
     "scope missing[: {principal}][: {reason}]" VX11_OF_REQUEST,
     "A valid credential without the scope that is the reason.", kOfRefusal},
    {E::auth_principal_revoked, "auth.principal_revoked", L::info, B::many,
     "credentials of {principal} are revoked for {period}; 0s: accepted again",
     "After `POST /admin/revocations`."},
    {E::request_host_refused, "request.host_refused", L::warn, B::one,
     "host refused; server.hosts lists further hosts" VX11_OF_REQUEST,
     "The Host of a request is none of the gateway's.", kOfRefusal},
    {E::request_cross_site_refused, "request.cross_site_refused", L::warn, B::one,
     "cross-site request refused; server.cors_origins lists allowed origins" VX11_OF_REQUEST,
     "A page of another origin tried to change state.", kOfRefusal},
    {E::request_content_type_refused, "request.content_type_refused", L::warn, B::one,
     "content type refused" VX11_OF_REQUEST, "The body is not declared as JSON in UTF-8.",
     kOfRefusal},
    {E::request_coding_refused, "request.coding_refused", L::warn, B::one,
     "coding refused" VX11_OF_REQUEST, "The body is compressed.", kOfRefusal},
    {E::request_unauthenticated, "request.unauthenticated", L::info, B::one,
     "request without a credential[: {error}]" VX11_OF_REQUEST, "Answered 401.", kOfRequest},
    {E::request_forbidden, "request.forbidden", L::warn, B::one,
     "request forbidden[: {error}]" VX11_OF_REQUEST, "Answered 403, by the gateway or madre.",
     kOfRequest},
    {E::request_not_found, "request.not_found", L::info, B::one,
     "no such route, method or session[: {error}]" VX11_OF_REQUEST, "Answered 404 or 405.",
     kOfRequest},
    {E::request_too_large, "request.too_large", L::warn, B::one,
     "request too large[: {error}]" VX11_OF_REQUEST, "Answered 413, 414 or 431.", kOfRequest},
    {E::request_rate_limited, "request.rate_limited", L::warn, B::one,
     "request above a limit[: {error}]" VX11_OF_REQUEST, "Answered 429: a limit of `[limits]`.",
     kOfRequest},
    {E::request_invalid, "request.invalid", L::info, B::one,
     "request refused[: {error}]" VX11_OF_REQUEST, "Any other answer of 4xx.", kOfRequest},
    {E::request_unavailable, "request.unavailable", L::warn, B::one,
     "request not served[: {error}]" VX11_OF_REQUEST,
     "Answered 503: no upstream answered, or the gateway has no room for it.", kOfRequest},
    {E::request_failed, "request.failed", L::error, B::one,
     "request failed[: {error}][: {reason}]" VX11_OF_REQUEST,
     "Any other answer of 5xx; at the operator's backend also what caused it.", kOfRequest},
    {E::request_stream_broken, "request.stream_broken", L::warn, B::one,
     "a stream ended with an error[: {upstream}]" VX11_OF_REQUEST,
     "A target broke off or sent an error after the answer had begun.", "principal trace_id"},
    {E::operator_action, "operator.action", L::info, B::many,
     "{action} {outcome}[: {object}][ by {principal}][; {error}]" VX11_OF_REQUEST,
     "A command for services or windows, a task, a deleted session, or a call of `/admin`.",
     kOfRequest},
    {E::connection_turned_away, "connection.turned_away", L::warn, B::one,
     "a connection was turned away: server.max_connections or "
     "server.max_connections_per_address is reached",
     "A new connection was closed."},
    {E::connection_evicted, "connection.evicted", L::warn, B::one,
     "an idle connection was closed: server.max_connections is reached",
     "It made room for a new one."},
    {E::connection_accept_failed, "connection.accept_failed", L::warn, B::one,
     "a connection could not be accepted: no descriptor or memory is left",
     "It waits until there is room."},
    {E::connection_slow_reader_closed, "connection.slow_reader_closed", L::warn, B::one,
     "a connection whose client does not read was closed: server.max_unsent_bytes is reached",
     "The client loses the rest of its answer."},
    {E::connection_handshake_failed, "connection.handshake_failed", L::warn, B::one,
     "a client was closed that did not complete its TLS handshake",
     "Another protocol, an old version, or a certificate that is not accepted."},
    {E::connection_proxy_header_refused, "connection.proxy_header_refused", L::warn, B::one,
     "a connection was closed that did not begin with a PROXY header of a trusted proxy",
     "With `server.proxy_protocol`."},
    {E::server_fewer_threads, "server.fewer_threads", L::warn, B::many,
     "a thread could not be started: there are fewer than server.threads", "At the start."},
    {E::tracing_spans_lost, "tracing.spans_lost", L::warn, B::many,
     "the collector of traces did not answer in time: spans are lost", "At a reload or the end."},
    {E::slo_history_new, "slo.history_new", L::warn, B::many,
     "slo.{objective}: counts other requests than before, so its history begins anew",
     "The table of an objective has changed."},
    {E::slo_history_not_kept, "slo.history_not_kept", L::warn, B::many,
     "the history of service levels is not kept: {reason}",
     "`service_levels.file` cannot be read or written; once for each reason."},
    {E::power_window_opened, "power.window_opened", L::info, B::many,
     "a power window is open[: {window}][ of {services}][ for {left}]; {cause}",
     "By a rule, a caller, a chat, or past the gateway: `cause` says which.", "reason"},
    {E::power_window_closed, "power.window_closed", L::info, B::many,
     "a power window has ended[: {window}][ of {services}]; {cause}: {reason}",
     "At its end, by hand, or because no chat used it: `reason` says which.", "left"},
    {E::power_window_ending, "power.window_ending", L::warn, B::many,
     "a power window ends in {left}[: {window}][ of {services}]",
     "Once for each window, `power.alert_before` its end.", "cause reason"},
    {E::power_window_refused, "power.window_refused", L::warn, B::one,
     "a power window is not opened[: {services}]; {cause}: {reason}",
     "By bounds or budget, or beside another command.", "window left"},
    {E::power_command_failed, "power.command_failed", L::warn, B::many,
     "a power command of the gateway's rules has failed[: {services}]; {cause}: {reason}",
     "madre refused it or did not answer; it is tried again later.", "window left"},
    {E::power_budget_low, "power.budget_low", L::warn, B::many,
     "{reason} of power windows: {left} are left",
     "The share `power.budget.warn_at` of a budget is used, or all of it.",
     "cause window services"},
    {E::power_ledger_not_kept, "power.ledger_not_kept", L::warn, B::many,
     "what power windows have used is not kept: {reason}",
     "`power.ledger` cannot be read or written; once for each reason."},
    {E::server_fewer_connections, "server.fewer_connections", L::warn, B::many, "{warning}",
     "At the start: the limit of open files is too low for `server.max_connections`."},
}};

#undef VX11_OF_REQUEST

constexpr LogFieldInfo kFields[] = {
    {"action", "", "What was done, as in the audit log: `power.window_open`."},
    {"again", "", "`again`, unless it was the first time."},
    {"breaker", "", "The circuit breaker: its upstream and purpose."},
    {"cause", "",
     "What caused it: `schedule` and its name, `demand`, `caller`, `elsewhere`, `idle` or "
     "`clock`."},
    {"component", "", "A component of `GET /operator/status`."},
    {"console", "", "Where its files come from: `built in`, a folder, or `none`."},
    {"content", "", "What is in force, in words."},
    {"delay", "duration", "How long connections are still accepted."},
    {"detail", "", "More about the reason, in words made by the gateway."},
    {"error", "", "The word of the answer's error."},
    {"expired_at", "RFC 3339", "When it expired."},
    {"file", "", "The path as configured."},
    {"gateway", "", "The URL of the gateway."},
    {"from", "", "The state before: `closed`, `open` or `half_open`."},
    {"left", "duration", "How long the window, or the budget, still lasts."},
    {"lines", "lines", "How many."},
    {"method", "", "Of the request."},
    {"mistake", "", "The mistake, with its place and what to write."},
    {"mistakes", "mistakes", "How many."},
    {"objective", "", "The name of a service level objective."},
    {"mode", "", "The mode now, such as `isolated`, unless it is automatic."},
    {"new_level", "", "The level of the log."},
    {"object", "", "The service, session or circuit breaker that the action was for."},
    {"omitted_event", "", "The event whose lines were left out."},
    {"operation", "", "`reading sessions` or `storing sessions`."},
    {"outcome", "",
     "`done`, `refused` or `failed`; of commands to madre also `planned`, `pending` or "
     "`unknown`."},
    {"peer", "", "The numeric address of the client."},
    {"period", "duration", "For how long."},
    {"principal", "", "The name of the token, or the subject of the JWT."},
    {"removed", "sessions", "How many."},
    {"reason", "", "Why, in words made by the gateway."},
    {"request_id", "", "As answered in `X-Request-Id`, and in the access log."},
    {"requests", "requests", "How many."},
    {"route", "", "The pattern of the request's route."},
    {"services", "", "Those of the window, separated by commas."},
    {"sessions", "", "Where sessions are kept."},
    {"setting", "", "A setting of the configuration."},
    {"signal", "", "The number of the signal."},
    {"socket", "", "The socket of the service manager."},
    {"status", "", "The status of the answer."},
    {"trace_id", "", "Of the trace that the request belongs to."},
    {"to", "", "The state now: `closed`, `open` or `half_open`."},
    {"upstream", "", "The name of a target."},
    {"upstreams", "", "What is asked: URLs without credentials."},
    {"version", "", "Of the gateway."},
    {"window", "", "The id of the power window."},
    {"warning", "", "What to know, with the setting that it is about."},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kLogEvents; ++i) {
    if (static_cast<std::size_t>(kEvents[i].event) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const LogEventInfo, kLogEvents> log_events() noexcept {
  return kEvents;
}

const LogEventInfo& info_of(LogEvent event) noexcept {
  return kEvents[static_cast<std::size_t>(event)];
}

std::vector<std::string_view> fields_of(const LogEventInfo& info) {
  std::vector<std::string_view> fields;
  const auto add = [&fields](std::string_view name) {
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) fields.push_back(name);
  };
  const std::string_view message = info.message;
  for (std::size_t open = message.find('{'); open != message.npos; open = message.find('{', open)) {
    const std::size_t close = message.find('}', open);
    add(message.substr(open + 1, close - open - 1));
    open = close;
  }
  for (std::string_view rest = info.more; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    add(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return fields;
}

std::span<const LogFieldInfo> log_fields() noexcept {
  return kFields;
}

}  // namespace gateway
