#include "tracing/trace_parent.hpp"

#include <vx11/trace_context.hpp>

#include <optional>

namespace vx11 {
inline namespace v0 {
namespace tracing {

std::string_view trace_id_of(const Headers& headers, TraceChoice choice) noexcept {
  constexpr std::string_view kName = "traceparent";
  if (!headers.contains(kName)) return {};
  const auto text = headers.find(kName);
  if (!text || headers.count(kName) != 1) return {};
  const std::optional<TraceParent> parent = parse_trace_parent(*text);
  if (!parent || (choice == TraceChoice::sampled && !parent->is_sampled())) return {};
  return text->substr(3, 32);
}

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
