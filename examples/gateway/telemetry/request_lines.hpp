#pragma once

/// \file
/// Lines of the program's own log about requests: those that were refused or failed, and actions.

#include <vx11/http_request_log.hpp>

#include <optional>
#include <string_view>

#include "gateway/log/log.hpp"
#include "gateway/telemetry/event_log.hpp"

namespace gateway {

/// The event of a request that was answered with `status`, which is 400 or above.
LogEvent log_event_of_status(int status) noexcept;

/// `done`, `refused` or `failed`.
std::string_view outcome_of(const vx11::RequestRecord& record) noexcept;

/// Writes what there is to say about the request: nothing about most of them.
/// \param refusal of `take_refusal`
/// \param action of `audit_action`
void note_request(Log& log, const vx11::RequestRecord& record,
                  const std::optional<Refusal>& refusal, std::string_view action);

}  // namespace gateway
