#include "front/chat_trace.hpp"

#include <vx11/trace_context.hpp>
#include <vx11/tracing.hpp>

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

void add_trace(Headers& headers, const std::shared_ptr<RequestTrace>& trace,
               const Headers& of_request) {
  ChatRequest passed_on;
  join_trace(passed_on, trace, of_request);
  const bool is_traced = trace != nullptr;
  const std::string_view parent = is_traced ? trace->text().text() : passed_on.traceparent;
  const std::string_view state = is_traced ? trace->state() : passed_on.tracestate;
  if (parent.empty()) return;
  headers.set("traceparent", parent);
  if (!state.empty()) headers.set("tracestate", state);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
