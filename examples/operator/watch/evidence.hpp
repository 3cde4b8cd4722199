#pragma once

/// \file
/// Asks the gateway for status and power state, side by side. Internal.

#include <vx11/deadline.hpp>
#include <vx11/task.hpp>

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "operator/gateway/gateway_client.hpp"
#include "operator/gateway/gateway_reply.hpp"
#include "operator/watch/status_view.hpp"

namespace backend {

/// Who asks, and until when.
struct EvidenceQuestion {
  EvidenceQuestion(Caller asker, std::string correlation, vx11::Deadline limit, vx11::WallTime now)
      : caller(std::move(asker)),
        correlation_id(std::move(correlation)),
        deadline(std::move(limit)),
        at(now) {}

  Caller caller;
  std::string correlation_id;
  vx11::Deadline deadline;
  vx11::WallTime at;
};

/// The power state, or why it is unknown.
struct PowerEvidence {
  std::optional<vx11::PowerState> state = std::nullopt;
  std::string reason = {};
  /// What the caller gets where the power state is all that was asked for; a madre that does not
  /// answer is none of these.
  std::optional<ApiAnswer> failure = std::nullopt;
};
PowerEvidence power_evidence(tl::expected<GatewayReply, ApiAnswer> reply, vx11::WallTime now);

/// Both, from the gateway's evidence alone: it wakes no service. An unknown power state leaves the
/// status as it is.
/// \return the answer of a caller who gets no status
vx11::Task<tl::expected<SystemEvidence, ApiAnswer>> gather_evidence(GatewayClient& gateway,
                                                                    EvidenceQuestion question);

}  // namespace backend
