#include "request_logs.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace gateway {

namespace {

/// On the thread that handles the request, between its event and its record.
thread_local std::optional<Refusal> refusal_of_thread = std::nullopt;

constexpr std::size_t kLongestObject = 128;

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      out.append("\\u00") += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

void add(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line.append(line.size() == 1 ? "\"" : ",\"").append(name).append("\":\"");
  line.append(escaped(value)).append("\"");
}

/// What stands in the place of `{}` in the route: a service or a session.
std::string_view object_of(const vx11::RequestRecord& record) {
  const std::size_t at = record.route.find('{');
  if (at == std::string_view::npos || record.target.size() <= at) return {};
  const std::string_view rest = record.target.substr(at);
  return rest.substr(0, std::min(rest.find_first_of("/?"), kLongestObject));
}

/// `power.service.stop` of `/operator/power/service/{}/stop`.
std::string dotted(std::string_view path) {
  std::string action;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (!segment.starts_with('{')) action.append(action.empty() ? "" : ".").append(segment);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return action;
}

bool reads(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// The action of a route whose use is logged.
std::string action_of_route(const vx11::RequestRecord& record) {
  constexpr std::string_view kOperator = "/operator/";
  constexpr std::string_view kSession = "/operator/session/";
  const std::string_view route = record.route;
  if (record.method == "OPTIONS") return {};
  if (route.starts_with(kSession) && reads(record.method)) return "session.read";
  if (route.starts_with(kSession)) return record.method == "DELETE" ? "session.delete" : "";
  if (reads(record.method)) return {};
  if (route.starts_with("/admin/")) return dotted(route.substr(1));
  if (route.starts_with("/operator/power/") || route == "/operator/task") {
    return dotted(route.substr(kOperator.size()));
  }
  return {};
}

bool is_guess_unjudged(const vx11::RequestRecord& record) {
  return record.status == 429 && record.error == "too_many_attempts";
}

bool is_refusal(const vx11::RequestRecord& record) {
  return !record.is_admitted &&
         (record.status == 401 || record.status == 403 || is_guess_unjudged(record));
}

/// Whether the refusal was reported by an event right before, on the same thread.
bool has_event(const vx11::RequestRecord& record) {
  const std::string_view why = record.error;
  return is_refusal(record) && (why == "forbidden" || why == "invalid_token" ||
                                why == "insufficient_scope" || is_guess_unjudged(record));
}

std::string_view outcome_of(const vx11::RequestRecord& record) {
  if (record.status < 400) return "done";
  return is_refusal(record) ? "refused" : "failed";
}

std::string now_text() {
  return vx11::to_rfc3339(
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

vx11::Result<std::shared_ptr<LineFile>> open_if_set(const FilePath& path) {
  if (path.value.empty()) return std::shared_ptr<LineFile>();
  return LineFile::open(path.value);
}

void add_series(std::vector<vx11::MetricSeries>& series, const std::string& log,
                const std::shared_ptr<LineFile>& file) {
  if (file == nullptr) return;
  series.push_back({.labels = {{"log", log}, {"outcome", "written"}},
                    .value = [file] { return file->written(); }});
  series.push_back(
      {.labels = {{"log", log}, {"outcome", "lost"}}, .value = [file] { return file->lost(); }});
}

}  // namespace

std::string audit_action(const vx11::RequestRecord& record) {
  if (!record.is_admitted && record.error == "auth_required") return {};  // of strangers
  if (std::string action = action_of_route(record); !action.empty()) return action;
  return is_refusal(record) ? "access" : std::string();
}

std::string audit_line(const vx11::RequestRecord& record, std::string_view action,
                       const Refusal& refusal) {
  std::string line = "{";
  add(line, "time", vx11::to_rfc3339(record.received));
  add(line, "action", action);
  add(line, "outcome", outcome_of(record));
  add(line, "principal", record.principal.empty() ? refusal.principal : record.principal);
  add(line, "peer", record.peer);
  add(line, "object", object_of(record));
  add(line, "request_id", record.request_id);
  add(line, "method", record.method.substr(0, 32));
  add(line, "route", record.route);
  line.append(",\"status\":").append(std::to_string(record.status));
  add(line, "error", record.error);
  add(line, "reason", refusal.reason);
  return line.append("}");
}

vx11::Result<std::shared_ptr<RequestLogs>> RequestLogs::open(const LogConfig& config) {
  auto access = open_if_set(config.access);
  if (!access) {
    return vx11::fail(access.error().code, "log.access: " + access.error().detail);
  }
  auto audit = open_if_set(config.audit);
  if (!audit) return vx11::fail(audit.error().code, "log.audit: " + audit.error().detail);
  return std::make_shared<RequestLogs>(*std::move(access), *std::move(audit));
}

void RequestLogs::note(const vx11::RequestRecord& record) const {
  if (access_ != nullptr) access_->append(to_json_line(record));
  if (audit_ == nullptr) return;
  const Refusal refusal = std::exchange(refusal_of_thread, std::nullopt).value_or(Refusal());
  const std::string action = audit_action(record);
  if (action.empty()) return;
  audit_->append(audit_line(record, action, has_event(record) ? refusal : Refusal()));
}

void RequestLogs::note(const vx11::OperatorEvent& event) const {
  using Kind = vx11::OperatorEventKind;
  if (audit_ == nullptr) return;
  if (event.kind != Kind::credential_refused && event.kind != Kind::scope_missing) return;
  refusal_of_thread = Refusal{std::string(event.subject), std::string(event.reason)};
}

void RequestLogs::note_action(std::string_view action, std::string_view by,
                              std::string_view outcome) const {
  if (audit_ == nullptr) return;
  std::string line = "{";
  add(line, "time", now_text());
  add(line, "action", action);
  add(line, "outcome", outcome);
  add(line, "by", by);
  audit_->append(line.append("}"));
}

void RequestLogs::reopen() const {
  for (const auto& file : {access_, audit_}) {
    if (file != nullptr) file->reopen();
  }
}

std::vector<vx11::MetricFamily> RequestLogs::metric_families() const {
  std::vector<vx11::MetricSeries> series;
  add_series(series, "access", access_);
  add_series(series, "audit", audit_);
  if (series.empty()) return {};
  vx11::MetricFamily waiting{.name = "vx11_gateway_log_waiting_bytes",
                             .help =
                                 "Lines of the access log and the audit log that wait to be "
                                 "written.",
                             .kind = vx11::MetricKind::gauge,
                             .unit = "bytes"};
  for (const auto& [log, file] : {std::pair("access", access_), std::pair("audit", audit_)}) {
    if (file == nullptr) continue;
    waiting.series.push_back(
        {.labels = {{"log", log}}, .value = [file = file] { return file->waiting_bytes(); }});
  }
  return {{.name = "vx11_gateway_log_lines_total",
           .help = "Lines of the access log and the audit log, by what became of them.",
           .series = std::move(series)},
          std::move(waiting)};
}

}  // namespace gateway
