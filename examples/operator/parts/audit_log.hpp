#pragma once

/// \file
/// Who did what, when, from where, and with which outcome.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <string>

#include <nlohmann/json.hpp>

#include "operator/api/caller.hpp"

namespace backend {

/// One entry, to be stored.
struct AuditEntry {
  AuditEntry() = default;
  AuditEntry(const Caller& caller, std::string what, std::string on, std::string correlation)
      : principal(caller.principal),
        address(caller.address),
        action(std::move(what)),
        object(std::move(on)),
        correlation_id(std::move(correlation)) {}

  std::string principal = {};
  std::string address = {};
  std::string action = {};  ///< "power.window_open", "service.restart", "login", "settings.change".
  std::string object = {};  ///< What was acted on: a service, a window, a session.
  std::string outcome = {};  ///< "done", "planned", "refused", "failed", "pending".
  std::string correlation_id = {};
  nlohmann::json detail = nlohmann::json::object();
};

/// **Thread-safe**; outlives its tasks.
class AuditLog {
 public:
  AuditLog() = default;
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  virtual ~AuditLog() = default;

  /// Completes once the entry is on disk: answer the caller after that. \return `storage`
  virtual vx11::Task<vx11::Result<void>> add(AuditEntry entry) = 0;
};

}  // namespace backend
