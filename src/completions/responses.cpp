#include "completions/responses.hpp"

#include <array>

#include "http/sse.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

/// Limit for a text that the last events repeat.
constexpr std::size_t kMostRepeated = 1024 * 1024;

enum class Status : unsigned char { in_progress, completed, too_long, filtered };

std::string_view to_string(Status status) noexcept {
  if (status == Status::in_progress) return "in_progress";
  return status == Status::completed ? "completed" : "incomplete";
}

std::string_view details_of(Status status) noexcept {
  if (status == Status::too_long) return R"({"reason":"max_output_tokens"})";
  return status == Status::filtered ? R"({"reason":"content_filter"})" : "null";
}

/// What a message contains.
struct Words {
  std::string_view text = {};
  std::string_view refusal = {};

  /// A message has a part at least.
  bool has_text_part() const noexcept { return !text.empty() || refusal.empty(); }
};

void write_part(json::Writer& json, std::string_view text) {
  json.open('{').key("type").string("output_text").key("text").string(text);
  json.key("annotations").raw("[]").key("logprobs").raw("[]").close('}');
}

void write_refusal_part(json::Writer& json, std::string_view refusal) {
  json.open('{').key("type").string("refusal").key("refusal").string(refusal).close('}');
}

void write_item(json::Writer& json, const AnswerHead& head, Status status, const Words* words) {
  json.open('{').key("type").string("message").key("id").string("msg_" + head.id);
  json.key("status").string(to_string(status)).key("role").string("assistant");
  json.key("content").open('[');
  if (words != nullptr && words->has_text_part()) write_part(json, words->text);
  if (words != nullptr && !words->refusal.empty()) write_refusal_part(json, words->refusal);
  json.close(']').close('}');
}

/// The members that a response has in every status.
void write_response_head(json::Writer& json, const AnswerHead& head, Status status) {
  json.key("id").string("resp_" + head.id).key("object").string("response");
  json.key("created_at").integer(head.created).key("status").string(to_string(status));
  json.key("error").raw("null").key("incomplete_details").raw(details_of(status));
  json.key("model").string(head.model).key("parallel_tool_calls").boolean(false);
  json.key("tool_choice").string("none").key("tools").raw("[]");
}

void write_response_usage(json::Writer& json, const ChatEnding& ending) {
  json.key("usage");
  const Tokens tokens(ending);
  if (!tokens.are_known) {
    json.raw("null");
    return;
  }
  json.open('{').key("input_tokens").integer(tokens.input);
  json.key("output_tokens").integer(tokens.output);
  json.key("total_tokens").integer(tokens.input + tokens.output).close('}');
}

Status status_of(const ChatEnding& ending) noexcept {
  if (ending.finish_reason == "content_filter") return Status::filtered;
  return ending.finish_reason == "length" ? Status::too_long : Status::completed;
}

void write_whole(json::Writer& json, const AnswerHead& head, Status status, const Words& words,
                 const ChatEnding& ending, const Provenance& from) {
  json.open('{');
  write_response_head(json, head, status);
  json.key("output").open('[');
  write_item(json, head, status, &words);
  json.close(']');
  write_response_usage(json, ending);
  json.key("vx11").raw(provenance_json(from)).close('}');
}

}  // namespace

std::string response_body(const ChatReply& reply, const AnswerHead& head, const Provenance& from) {
  json::Writer json(reply.text.size() + 1024);
  const std::string refusal = refusal_in(reply.completion_json, "message");
  const Words words{reply.text, refusal};
  write_whole(json, head, status_of(reply.ending), words, reply.ending, from);
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

/// Begins an event about a part of the message; the caller closes the object.
json::Writer ResponseWriter::part_event(std::string_view type, int part) {
  json::Writer json = event(type);
  json.key("item_id").string("msg_" + head_.id).key("output_index").integer(0);
  json.key("content_index").integer(part);
  return json;
}

void ResponseWriter::write_beginning() {
  if (std::exchange(has_begun_, true)) return;
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
}

void ResponseWriter::begin_text() {
  if (std::exchange(has_text_part_, true)) return;
  write_beginning();
  json::Writer part = part_event("response.content_part.added", 0);
  write_part(part.key("part"), "");
  write(std::move(part));
}

void ResponseWriter::take(std::string_view data, std::string_view text) {
  if (text.empty()) return take_refusal(data);
  begin_text();
  is_cut_ = is_cut_ || text_.size() + text.size() > kMostRepeated;
  if (!is_cut_) text_ += text;
  json::Writer delta = part_event("response.output_text.delta", 0);
  delta.key("delta").string(text).key("logprobs").raw("[]");
  write(std::move(delta));
}

/// A refusal is short: it is written at the end.
void ResponseWriter::take_refusal(std::string_view data) {
  const std::string& whole = stream_->completion_json();
  const std::string more = whole.empty() ? refusal_in(data, "delta") : refusal_in(whole, "message");
  is_cut_ = is_cut_ || refusal_.size() + more.size() > kMostRepeated;
  if (!is_cut_) refusal_ += more;
}

void ResponseWriter::end_text() {
  begin_text();
  json::Writer text = part_event("response.output_text.done", 0);
  text.key("text").string(text_).key("logprobs").raw("[]");
  write(std::move(text));
  json::Writer part = part_event("response.content_part.done", 0);
  write_part(part.key("part"), text_);
  write(std::move(part));
}

void ResponseWriter::write_refusal() {
  const int at = has_text_part_ ? 1 : 0;
  write_beginning();
  json::Writer added = part_event("response.content_part.added", at);
  write_refusal_part(added.key("part"), "");
  write(std::move(added));
  json::Writer delta = part_event("response.refusal.delta", at);
  write(std::move(delta.key("delta").string(refusal_)));
  json::Writer done = part_event("response.refusal.done", at);
  write(std::move(done.key("refusal").string(refusal_)));
  json::Writer part = part_event("response.content_part.done", at);
  write_refusal_part(part.key("part"), refusal_);
  write(std::move(part));
}

void ResponseWriter::end() {
  const Words words{text_, refusal_};
  if (has_text_part_ || words.has_text_part()) end_text();
  if (!refusal_.empty()) write_refusal();
  const Status status = is_cut_ ? Status::too_long : status_of(stream_->ending());
  json::Writer item = event("response.output_item.done");
  item.key("output_index").integer(0).key("item");
  write_item(item, head_, status, &words);
  write(std::move(item));
  json::Writer last =
      event(status == Status::completed ? "response.completed" : "response.incomplete");
  last.key("response");
  const Provenance from(stream_->source(), stream_->reason(), stream_->attempts(),
                        stream_->ignored(), turn_);
  write_whole(last, head_, status, words, stream_->ending(), from);
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
