#include "front/chat_trace.hpp"

#include <vx11/trace_context.hpp>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

void pass_trace_on(ChatRequest& chat, const Headers& headers) {
  constexpr std::string_view kParent = "traceparent";
  constexpr std::string_view kState = "tracestate";
  const std::string_view parent = headers.get(kParent);
  if (headers.count(kParent) != 1 || !parse_trace_parent(parent)) return;
  chat.traceparent = parent;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, kState) || field.value.empty()) continue;
    if (!chat.tracestate.empty()) chat.tracestate += ',';
    chat.tracestate += field.value;
  }
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
