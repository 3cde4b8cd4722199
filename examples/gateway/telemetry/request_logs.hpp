#pragma once

/// \file
/// The access log, the audit log, and what the program's own log says about requests.

#include <vx11/http_request_log.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/files/line_file.hpp"
#include "gateway/log/log.hpp"
#include "gateway/telemetry/event_log.hpp"

namespace gateway {

/// The lines of the audit log: who did what. Pure functions of a record.
///
/// Logged are commands for services and windows, tasks, reads and deletions of sessions, calls of
/// `/admin`, and everywhere credentials and scopes that were refused; not requests without one.
/// \return the action, such as `power.window_open`; empty: nothing to log
std::string audit_action(const vx11::RequestRecord& record);

/// What stands in the place of `{}` in the route: a service or a session; empty without one.
std::string_view object_of(const vx11::RequestRecord& record);

/// The record as a line of the audit log.
std::string audit_line(const vx11::RequestRecord& record, std::string_view action,
                       const Refusal& refusal);

/// The logs of requests, those that are configured, and the program's own. Thread-safe.
class RequestLogs {
 public:
  /// \return `storage` if a file cannot be opened
  static vx11::Result<std::shared_ptr<RequestLogs>> open(const LogConfig& config);
  /// \param log gets the lines of `note_request`; must outlive this
  RequestLogs(std::shared_ptr<LineFile> access, std::shared_ptr<LineFile> audit, Log& log)
      : access_(std::move(access)), audit_(std::move(audit)), log_(log) {}

  void note(const vx11::RequestRecord& record) const;
  /// What was done without a request, such as a reload by a signal.
  /// \param outcome `done`, `failed`, or a word of `RequestRecord::outcome`
  /// \param object what it was done to, such as a window; may be empty
  void note_action(std::string_view action, std::string_view by, std::string_view outcome,
                   std::string_view object = {}) const;
  /// Opens the files anew, at SIGHUP: they may have been moved away.
  void reopen() const;

  /// The lines that were written and lost, also those of the program's own log.
  std::vector<vx11::MetricFamily> metric_families() const;

 private:
  std::shared_ptr<LineFile> access_;
  std::shared_ptr<LineFile> audit_;
  Log& log_;
};

}  // namespace gateway
