#include "completions/responses.hpp"

#include "http/sse.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

/// Limit for a text that the last events repeat.
constexpr std::size_t kMostRepeated = 4 * 1024 * 1024;

enum class Status : unsigned char { in_progress, completed, incomplete };

std::string_view to_string(Status status) noexcept {
  if (status == Status::in_progress) return "in_progress";
  return status == Status::completed ? "completed" : "incomplete";
}

void write_part(json::Writer& json, std::string_view text) {
  json.open('{').key("type").string("output_text").key("text").string(text);
  json.key("annotations").raw("[]").key("logprobs").raw("[]").close('}');
}

void write_item(json::Writer& json, const AnswerHead& head, Status status,
                const std::string* text) {
  json.open('{').key("type").string("message").key("id").string("msg_" + head.id);
  json.key("status").string(to_string(status)).key("role").string("assistant");
  json.key("content").open('[');
  if (text != nullptr) write_part(json, *text);
  json.close(']').close('}');
}

/// The members that a response has in every status.
void write_response_head(json::Writer& json, const AnswerHead& head, Status status) {
  json.key("id").string("resp_" + head.id).key("object").string("response");
  json.key("created_at").integer(head.created).key("status").string(to_string(status));
  json.key("error").raw("null").key("incomplete_details");
  status == Status::incomplete ? json.raw(R"({"reason":"max_output_tokens"})") : json.raw("null");
  json.key("model").string(head.model).key("parallel_tool_calls").boolean(false);
  json.key("tool_choice").string("none").key("tools").raw("[]");
}

void write_response_usage(json::Writer& json, const ChatEnding& ending) {
  json.key("usage");
  if (!ending.input_tokens && !ending.output_tokens) {
    json.raw("null");
    return;
  }
  const auto input = static_cast<std::int64_t>(ending.input_tokens.value_or(0));
  const auto output = static_cast<std::int64_t>(ending.output_tokens.value_or(0));
  json.open('{').key("input_tokens").integer(input).key("output_tokens").integer(output);
  json.key("total_tokens").integer(input + output).close('}');
}

Status status_of(const ChatEnding& ending) noexcept {
  return ending.finish_reason == "length" ? Status::incomplete : Status::completed;
}

void write_whole(json::Writer& json, const AnswerHead& head, Status status, const std::string& text,
                 const ChatEnding& ending, const Provenance& from) {
  json.open('{');
  write_response_head(json, head, status);
  json.key("output").open('[');
  write_item(json, head, status, &text);
  json.close(']');
  write_response_usage(json, ending);
  json.key("vx11").raw(provenance_json(from)).close('}');
}

}  // namespace

std::string response_body(const ChatReply& reply, const AnswerHead& head, const Provenance& from) {
  json::Writer json(reply.text.size() + 1024);
  write_whole(json, head, status_of(reply.ending), reply.text, reply.ending, from);
  return std::move(json).take();
}

/// The caller closes the object.
json::Writer ResponseWriter::event(std::string_view type) {
  json::Writer json(512);
  json.open('{').key("type").string(type).key("sequence_number").integer(next_number_++);
  return json;
}

void ResponseWriter::write(json::Writer&& event) {
  append_data_event(out_, std::move(event.close('}')).take());
}

void ResponseWriter::write_beginning() {
  for (const char* type : {"response.created", "response.in_progress"}) {
    json::Writer json = event(type);
    json.key("response").open('{');
    write_response_head(json, head_, Status::in_progress);
    json.key("output").raw("[]").close('}');
    write(std::move(json));
  }
  json::Writer item = event("response.output_item.added");
  item.key("output_index").integer(0).key("item");
  write_item(item, head_, Status::in_progress, nullptr);
  write(std::move(item));
  json::Writer part = event("response.content_part.added");
  part.key("item_id").string("msg_" + head_.id).key("output_index").integer(0);
  part.key("content_index").integer(0).key("part");
  write_part(part, "");
  write(std::move(part));
}

void ResponseWriter::take(std::string_view /*data*/, std::string_view text) {
  if (text.empty()) return;
  if (!std::exchange(has_begun_, true)) write_beginning();
  is_cut_ = is_cut_ || text_.size() + text.size() > kMostRepeated;
  if (!is_cut_) text_ += text;
  json::Writer delta = event("response.output_text.delta");
  delta.key("item_id").string("msg_" + head_.id).key("output_index").integer(0);
  delta.key("content_index").integer(0).key("delta").string(text).key("logprobs").raw("[]");
  write(std::move(delta));
}

void ResponseWriter::end() {
  if (!std::exchange(has_begun_, true)) write_beginning();
  const Status status = is_cut_ ? Status::incomplete : status_of(stream_->ending());
  json::Writer text = event("response.output_text.done");
  text.key("item_id").string("msg_" + head_.id).key("output_index").integer(0);
  text.key("content_index").integer(0).key("text").string(text_).key("logprobs").raw("[]");
  write(std::move(text));
  json::Writer part = event("response.content_part.done");
  part.key("item_id").string("msg_" + head_.id).key("output_index").integer(0);
  part.key("content_index").integer(0).key("part");
  write_part(part, text_);
  write(std::move(part));
  json::Writer item = event("response.output_item.done");
  item.key("output_index").integer(0).key("item");
  write_item(item, head_, status, &text_);
  write(std::move(item));
  json::Writer last =
      event(status == Status::completed ? "response.completed" : "response.incomplete");
  last.key("response");
  const Provenance from(stream_->source(), stream_->reason(), stream_->attempts(),
                        stream_->ignored(), turn_);
  write_whole(last, head_, status, text_, stream_->ending(), from);
  write(std::move(last));
}

/// The members of an error event beside those of every event.
void ResponseWriter::error(std::string_view body) {
  json::Writer json = event("error");
  json.members_of(body);
  write(std::move(json));
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
