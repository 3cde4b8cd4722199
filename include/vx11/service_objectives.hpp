#pragma once

/// \file
/// `ServiceObjectives`: service level objectives of a program that answers requests.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>
#include <vx11/service_level.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// What an objective is about.
enum class ObjectiveKind : unsigned char {
  /// Requests that were answered. Bad: a status of 5xx, but for 501 and 505, and a stream that
  /// broke off or reported an error.
  availability,
  /// Of the answered requests, those that took at most the threshold. Bad, too: those whose client
  /// left after it.
  latency,
  /// Of the answered chats, those that the first choice of their route answered. Bad: a fallback,
  /// but for one past a target that is known to sleep.
  first_choice,
};

/// `availability`, `latency` or `first_choice`.
VX11_API std::string_view to_string(ObjectiveKind kind) noexcept;

/// The routes of chats: those of the operator contract and of the OpenAI chat API.
VX11_API std::vector<std::string> chat_routes();

/// The description of one objective.
///
/// What counts are requests on its routes but HEAD and OPTIONS. Not counted at all are mistakes of
/// the client and limits that it exceeds (4xx), what is not known of HTTP (501, 505), and answers
/// whose client has left before their end, but for a latency objective after its threshold.
struct ServiceObjective {
  std::string name = {};  ///< In reports and metrics. Required.
  ObjectiveKind kind = ObjectiveKind::availability;
  /// Of a latency objective, and required there: an answer that takes longer is bad.
  Duration threshold = {};
  /// Patterns of routes as `RequestRecord::route` has them, or beginnings of them followed by `*`.
  /// Default: chats, which are what a gateway is for.
  std::vector<std::string> routes = chat_routes();
  /// Targets whose answers are no fallbacks though another one was asked before: the alternatives
  /// of a group that is the first choice. Default: none, every chat has one first choice.
  std::vector<std::string> first_choices{};
  ServiceLevelOptions level = {};
};

/// How an objective judges a request: true is good, none is not counted.
VX11_API std::optional<bool> judge(const ServiceObjective& objective, const RequestRecord& record);

/// Objectives that judge every request: a sink of `make_request_log`.
///
/// **Thread-safe**. `count` takes no lock; the objectives are immutable. The time of a request is
/// `RequestRecord::ended`, so a log has the clock of the objectives; that is read for a record
/// without it.
class VX11_API ServiceObjectives {
 public:
  /// An objective and what was counted for it.
  struct Entry {
    ServiceObjective objective;
    std::shared_ptr<ServiceLevel> level;
  };

  /// \param earlier those that were in force before: an objective that counts the same (name, kind,
  ///                threshold and routes) keeps its history
  /// \return every mistake in one `invalid_argument`: a name that is missing or used twice, no
  ///         threshold, and those of `ServiceLevel::create`
  static Result<std::shared_ptr<const ServiceObjectives>> create(
      std::vector<ServiceObjective> objectives, const ServiceObjectives* earlier = nullptr);

  void count(const RequestRecord& record) const;
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  explicit ServiceObjectives(std::vector<Entry> entries) noexcept : entries_(std::move(entries)) {}
  std::vector<Entry> entries_;
};

/// What is counted, as a text: "latency 2000000000 /v1/*". A history belongs to such a text.
VX11_API std::string counted_text(const ServiceObjective& objective);

/// The objectives as `GET /operator/slo` shows them: a JSON object.
VX11_API std::string to_json(const ServiceObjectives& objectives, WallTime now);

/// `vx11_slo_*`: objective, budget, burn rates, alerts, and counters of events. The families share
/// the objectives.
VX11_API std::vector<MetricFamily> service_level_metrics(
    std::shared_ptr<const ServiceObjectives> objectives);

}  // namespace v0
}  // namespace vx11
