#pragma once

/// \file
/// Audit entries and events about logins. Internal.

#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "operator/api/caller.hpp"
#include "operator/events/event_store.hpp"
#include "operator/logins/logins.hpp"
#include "operator/parts/audit_log.hpp"

namespace backend {

/// What has happened to a login.
struct LoginNote {
  enum class What : std::uint8_t { begun, refused, ended, revoked, expired };

  LoginNote(Caller caller, What kind, std::string correlation)
      : who(std::move(caller)), what(kind), correlation_id(std::move(correlation)) {}

  Caller who;
  What what;
  std::string correlation_id;
  std::size_t count = 1;    ///< Of logins that ended at once.
  std::string reason = {};  ///< Of a refusal: a word.
};

/// Completes once both are on disk. \return `storage`
vx11::Task<vx11::Result<void>> note_login(std::shared_ptr<AuditLog> audit,
                                          std::shared_ptr<EventStore> events, LoginNote note);

/// Ends the logins that have expired, and notes each. \return `storage`
vx11::Task<vx11::Result<void>> expire_logins(std::shared_ptr<Logins> logins,
                                             std::shared_ptr<AuditLog> audit,
                                             std::shared_ptr<EventStore> events);

}  // namespace backend
