#pragma once

/// \file
/// The members of the lines of the access log and the audit log.

#include <span>

#include "gateway/log/log_events.hpp"

namespace gateway {

/// In the order of the lines.
std::span<const LogFieldInfo> access_log_members() noexcept;
std::span<const LogFieldInfo> audit_log_members() noexcept;

}  // namespace gateway
