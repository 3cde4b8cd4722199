#include <vx11/detail/mistakes.hpp>
#include <vx11/service_objectives.hpp>

#include <algorithm>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

inline bool matches(std::string_view pattern, std::string_view route) noexcept {
  if (pattern == route) return true;
  return pattern.ends_with('*') && route.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_listed(const std::vector<std::string>& routes, std::string_view route) noexcept {
  if (route.empty()) return false;
  for (const std::string& pattern : routes) {
    if (matches(pattern, route)) return true;
  }
  return false;
}

/// A preflight or a look at the head is no use of the route.
inline bool is_use(std::string_view method) noexcept {
  return method == "POST" || (method != "HEAD" && method != "OPTIONS");
}

/// Whether the fault is the client's, or the client has not waited for the end.
inline bool is_neutral(const RequestRecord& record) noexcept {
  if (record.status == 200 && record.end == AnswerEnd::whole) return false;  // nearly all
  const int status = record.status;
  const bool is_of_client = status / 100 == 4 || status == 501 || status == 505;
  return is_of_client || record.end == AnswerEnd::client_left;
}

/// The client has left an answer that took too long already: the time limits of clients are shorter
/// than hangs.
bool is_left_late(const ServiceObjective& objective, const RequestRecord& record) noexcept {
  const bool is_ours = record.status / 100 == 2 || record.status == 499;
  return objective.kind == ObjectiveKind::latency && is_ours &&
         record.end == AnswerEnd::client_left && record.duration > objective.threshold;
}

bool is_answered(const RequestRecord& record) noexcept {
  return record.status < 500 && record.end != AnswerEnd::error;
}

/// Power windows are closed by design: a target that sleeps is not asked, and not missed.
std::optional<bool> is_first_choice(const ServiceObjective& objective,
                                    const RequestRecord& record) {
  if (record.source.empty() || record.fallback.ends_with("_asleep")) return std::nullopt;
  const auto& first = objective.first_choices;
  return record.fallback.empty() ||
         std::find(first.begin(), first.end(), record.source) != first.end();
}

/// Whether any objective may count it.
inline bool is_counted(const RequestRecord& record) noexcept {
  return is_use(record.method) && (!is_neutral(record) || record.end == AnswerEnd::client_left);
}

/// Of a request that is counted.
std::optional<bool> judge_counted(const ServiceObjective& objective, const RequestRecord& record) {
  if (!is_listed(objective.routes, record.route)) return std::nullopt;
  if (is_left_late(objective, record)) return false;
  if (record.end == AnswerEnd::client_left) return std::nullopt;
  const bool is_good = is_answered(record);
  if (objective.kind == ObjectiveKind::availability) return is_good;
  if (!is_good) return std::nullopt;
  if (objective.kind == ObjectiveKind::first_choice) return is_first_choice(objective, record);
  return record.duration <= objective.threshold;
}

void check(detail::Mistakes& mistakes, const ServiceObjective& objective) {
  mistakes.about("objective", objective.name);
  mistakes.add_if(objective.name.empty(), "the name is missing");
  mistakes.add_if(objective.routes.empty(), "there are no routes");
  const bool has_threshold = objective.threshold > Duration::zero();
  mistakes.add_if(objective.kind == ObjectiveKind::latency && !has_threshold,
                  "a latency objective needs a threshold");
}

std::shared_ptr<ServiceLevel> level_of(const ServiceObjectives* earlier,
                                       const ServiceObjective& objective) {
  if (earlier == nullptr) return nullptr;
  for (const auto& [before, level] : earlier->entries()) {
    if (before.name == objective.name && counted_text(before) == counted_text(objective)) {
      return level;
    }
  }
  return nullptr;
}

/// `before` itself if the options are the same: it counts on while requests that it began with are
/// in progress.
std::shared_ptr<ServiceLevel> continuation(const std::shared_ptr<ServiceLevel>& before,
                                           std::shared_ptr<ServiceLevel> next) {
  const ServiceLevelOptions& a = before->options();
  const ServiceLevelOptions& b = next->options();
  const bool is_same = a.objective == b.objective && a.period == b.period &&
                       a.min_bad_events == b.min_bad_events && a.alerts == b.alerts;
  if (is_same) return before;
  next->continue_from(*before);
  return next;
}

}  // namespace

std::string_view to_string(ObjectiveKind kind) noexcept {
  switch (kind) {
    case ObjectiveKind::availability:
      return "availability";
    case ObjectiveKind::latency:
      return "latency";
    case ObjectiveKind::first_choice:
      return "first_choice";
  }
  return {};
}

std::vector<std::string> chat_routes() {
  return {"/operator/chat/ask", "/operator/chat", "/v1/chat/completions", "/v1/completions",
          "/v1/responses"};
}

std::optional<bool> judge(const ServiceObjective& objective, const RequestRecord& record) {
  return is_counted(record) ? judge_counted(objective, record) : std::nullopt;
}

std::string counted_text(const ServiceObjective& objective) {
  std::string text(to_string(objective.kind));
  if (objective.kind == ObjectiveKind::latency) {
    text.append(1, ' ').append(std::to_string(objective.threshold.count())).append("ns");
  }
  for (const std::string& route : objective.routes) text.append(1, ' ').append(route);
  return text;
}

Result<std::shared_ptr<const ServiceObjectives>> ServiceObjectives::create(
    std::vector<ServiceObjective> objectives, const ServiceObjectives* earlier) {
  detail::Mistakes mistakes;
  std::vector<Entry> entries;
  for (ServiceObjective& objective : objectives) {
    check(mistakes, objective);
    const auto has_name = [&](const Entry& e) { return e.objective.name == objective.name; };
    mistakes.add_if(std::any_of(entries.begin(), entries.end(), has_name),
                    "the name is used twice");
    auto level = ServiceLevel::create(objective.level);
    if (!level) {
      mistakes.add(level.error().detail);
      continue;
    }
    const auto before = level_of(earlier, objective);
    auto continued =
        before != nullptr ? continuation(before, *std::move(level)) : *std::move(level);
    entries.push_back({.objective = std::move(objective), .level = std::move(continued)});
  }
  if (auto checked = std::move(mistakes).result(); !checked) {
    return fail(std::move(checked.error()));
  }
  return std::shared_ptr<const ServiceObjectives>(new ServiceObjectives(std::move(entries)));
}

void ServiceObjectives::count(const RequestRecord& record) const {
  if (entries_.empty() || !is_counted(record)) return;
  const bool has_end = record.ended != TimePoint();
  const TimePoint now = has_end ? record.ended : entries_.front().objective.level.clock.now();
  for (const auto& [objective, level] : entries_) {
    if (const auto is_good = judge_counted(objective, record)) level->count(*is_good, now);
  }
}

}  // namespace v0
}  // namespace vx11
