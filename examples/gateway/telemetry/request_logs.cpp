#include "gateway/telemetry/request_logs.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "gateway/telemetry/request_lines.hpp"

namespace gateway {

namespace {

constexpr std::size_t kLongestObject = 128;

std::string in_quotes_of_json(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void add(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line.append(line.size() == 1 ? "\"" : ",\"").append(name).append("\":");
  line.append(in_quotes_of_json(value));
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

/// Chats that were answered are no action.
bool is_chat(std::string_view route) {
  return route.starts_with("/operator/chat") || route.starts_with("/v1/");
}

/// The action of a route whose use is logged.
std::string action_of_route(const vx11::RequestRecord& record) {
  constexpr std::string_view kOperator = "/operator/";
  constexpr std::string_view kSession = "/operator/session/";
  constexpr std::string_view kVx11 = "/vx11/";
  constexpr std::string_view kInee = "/operator/inee/";
  const std::string_view route = record.route;
  if (record.method == "OPTIONS") return {};
  if (route.starts_with(kSession) && reads(record.method)) return "session.read";
  if (route.starts_with(kSession)) return record.method == "DELETE" ? "session.delete" : "";
  if (reads(record.method)) return {};
  if (route.starts_with("/admin/")) return dotted(route.substr(1));
  if (route.starts_with("/operator/power/") || route == "/operator/task") {
    return dotted(route.substr(kOperator.size()));
  }
  if (route.starts_with("/vx11/circuit-breaker/")) return dotted(route.substr(kVx11.size()));
  if (route.ends_with("/emit-intent")) return "manifestator.emit-intent";
  const bool is_frequent = route.ends_with("/heartbeat");  // no decision of an operator
  if (route.starts_with(kInee) && !is_frequent) return dotted(route.substr(kOperator.size()));
  return {};
}

std::string now_text() {
  return vx11::to_rfc3339(vx11::WallClock().now());
}

vx11::Result<std::shared_ptr<LineFile>> open_if_set(const FilePath& path) {
  if (path.value.empty()) return std::shared_ptr<LineFile>();
  return LineFile::open(path.value);
}

/// Into a buffer of the thread: a line for each request is worth no allocation.
void append_line(LineFile& access, const vx11::RequestRecord& record) {
  thread_local std::string line;
  line.clear();
  append_json_line(line, record);
  access.append(line);
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

std::string_view object_of(const vx11::RequestRecord& record) {
  const std::size_t at = record.route.find('{');
  if (at == std::string_view::npos || record.target.size() <= at) return {};
  const std::string_view rest = record.target.substr(at);
  return rest.substr(0, std::min(rest.find_first_of("/?"), kLongestObject));
}

std::string audit_action(const vx11::RequestRecord& record) {
  if (!record.is_admitted && record.error == "auth_required") return {};  // of strangers
  if (std::string action = action_of_route(record); !action.empty()) return action;
  return !record.is_admitted && outcome_of(record) == "refused" ? "access" : std::string();
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
  return std::make_shared<RequestLogs>(*std::move(access), *std::move(audit), process_log());
}

void RequestLogs::note(const vx11::RequestRecord& record) const {
  if (access_ != nullptr) append_line(*access_, record);
  const bool is_quiet = record.status < 400 && record.end != vx11::AnswerEnd::error;
  if (is_quiet && is_chat(record.route)) return;  // most of them
  const std::string action = audit_action(record);
  if (is_quiet && action.empty()) return;
  const std::optional<Refusal> refusal = take_refusal(record);
  note_request(log_, record, refusal, action);
  if (audit_ == nullptr || action.empty()) return;
  audit_->append(audit_line(record, action, refusal.value_or(Refusal())));
}

void RequestLogs::note_action(std::string_view action, std::string_view by,
                              std::string_view outcome, std::string_view object) const {
  if (audit_ == nullptr) return;
  std::string line = "{";
  add(line, "time", now_text());
  add(line, "action", action);
  add(line, "outcome", outcome);
  add(line, "by", by);
  add(line, "object", object);
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
  series.push_back({.labels = {{"log", "program"}, {"outcome", "written"}},
                    .value = [] { return written_log_lines(); }});
  series.push_back({.labels = {{"log", "program"}, {"outcome", "lost"}},
                    .value = [] { return lost_log_lines(); }});
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
  std::vector<vx11::MetricFamily> families = {
      {.name = "vx11_gateway_log_lines_total",
       .help = "Lines of the access log, the audit log and the program's own log, by what became "
               "of them.",
       .series = std::move(series)}};
  if (!waiting.series.empty()) families.push_back(std::move(waiting));
  return families;
}

}  // namespace gateway
