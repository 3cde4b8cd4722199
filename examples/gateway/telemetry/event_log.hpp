#pragma once

/// \file
/// Logs the events of the APIs. A refusal is kept for the line of its request, which knows more.

#include <vx11/http_request_log.hpp>
#include <vx11/operator_event.hpp>

#include <optional>
#include <string>

#include "gateway/log/log.hpp"

namespace gateway {

/// Why a request was refused, as its event says it: more than the answer does.
struct Refusal {
  vx11::OperatorEventKind kind = {};
  std::string principal = {};
  std::string reason = {};
};

/// The event of a kind in the log.
LogEvent log_event_of(vx11::OperatorEventKind kind) noexcept;

/// Writes the line of an event, unless it is a refusal, which is kept for `take_refusal`: it is
/// reported right before the record of its request, on the same thread. Thread-safe.
void note_event(Log& log, const vx11::OperatorEvent& event);

/// The refusal that was kept on this thread, if it is that of the record; none is kept after it.
std::optional<Refusal> take_refusal(const vx11::RequestRecord& record);

}  // namespace gateway
