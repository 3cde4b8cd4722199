#pragma once

/// \file
/// The tables of docs/observability.md that stand in the source.

#include <string>

namespace gateway {

/// Events of policies, spans, log events, their fields, and the members of the access log and the
/// audit log, as Markdown with a heading of level 3 for each table.
std::string print_telemetry();

}  // namespace gateway
