#include "dialect/tool_calls.hpp"

#include <cstdint>
#include <utility>

#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

/// The caller writes `index` before it, if the form has one, and closes the object.
void write_call(json::Writer& json, const ToolCall& call) {
  json.key("id").string(call.id).key("type").string("function");
  json.key("function").open('{').key("name").string(call.name);
  json.key("arguments").string(call.arguments).close('}');
}

json::Writer deltas(std::size_t expected) {
  json::Writer json(expected + 128);
  json.open('{').key("tool_calls").open('[');
  return json;
}

void open_delta(json::Writer& json, std::size_t index) {
  json.open('{').key("index").integer(static_cast<std::int64_t>(index));
}

}  // namespace

std::string completion_of(std::string_view text, std::span<const ToolCall> calls,
                          const ChatEnding& ending) {
  json::Writer json(text.size() + 512);
  json.open('{').key("choices").open('[').open('{').key("index").integer(0);
  json.key("message").open('{').key("role").string("assistant").key("content");
  text.empty() ? json.raw("null") : json.string(text);
  if (!calls.empty()) {
    json.key("tool_calls").open('[');
    for (const ToolCall& call : calls) {
      json.open('{');
      write_call(json, call);
      json.close('}');
    }
    json.close(']');
  }
  json.close('}').key("finish_reason").string(ending.finish_reason);
  return std::move(json.close('}').close(']').close('}')).take();
}

std::string deltas_of(std::span<const ToolCall> calls, std::size_t first) {
  json::Writer json = deltas(256);
  for (const ToolCall& call : calls) {
    open_delta(json, first++);
    write_call(json, call);
    json.close('}');
  }
  return std::move(json.close(']').close('}')).take();
}

std::string arguments_of(std::string_view piece, std::size_t index) {
  json::Writer json = deltas(piece.size());
  open_delta(json, index);
  json.key("function").open('{').key("arguments").string(piece).close('}').close('}');
  return std::move(json.close(']').close('}')).take();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
