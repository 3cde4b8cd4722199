#include "completions/text_completion.hpp"

#include "http/sse.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

/// The members of a `text_completion` before its `choices`. Ids of this API begin with `cmpl-`.
json::Writer begun(const AnswerHead& head) {
  constexpr std::string_view kChat = "chat";
  AnswerHead own = head;
  if (own.id.starts_with(kChat)) own.id.erase(0, kChat.size());
  json::Writer json(512);
  json.open('{');
  write_head(json, own, "text_completion");
  return json;
}

/// \param finish_reason empty: null
void write_choice(json::Writer& json, std::string_view text, std::string_view finish_reason) {
  json.key("choices").open('[').open('{').key("text").string(text).key("index").integer(0);
  json.key("logprobs").raw("null").key("finish_reason");
  finish_reason.empty() ? json.raw("null") : json.string(finish_reason);
  json.close('}').close(']');
}

}  // namespace

std::string text_completion_body(const ChatReply& reply, const AnswerHead& head,
                                 const Provenance& from) {
  json::Writer json = begun(head);
  const std::string refusal =
      reply.text.empty() ? refusal_in(reply.completion_json, "message") : std::string();
  write_choice(json, refusal.empty() ? reply.text : refusal, reply.ending.finish_reason);
  write_usage(json, reply.ending);
  json.key("vx11").raw(provenance_json(from));
  return std::move(json.close('}')).take();
}

void TextCompletionWriter::take(std::string_view data, std::string_view text) {
  if (turn_.is_kept() && text_.size() < kMostKept) text_ += text;
  if (!text.empty()) return write_piece(text);
  const std::string& whole = stream_->completion_json();
  write_piece(whole.empty() ? refusal_in(data, "delta") : refusal_in(whole, "message"));
}

void TextCompletionWriter::write_piece(std::string_view text) {
  if (text.empty()) return;
  json::Writer json = begun(head_);
  write_choice(json, text, {});
  append_data_event(out_, std::move(json.close('}')).take());
}

void TextCompletionWriter::write_finish() {
  const Provenance from(stream_->source(), stream_->reason(), stream_->attempts(),
                        stream_->ignored(), turn_);
  json::Writer json = begun(head_);
  write_choice(json, {}, stream_->ending().finish_reason);
  json.key("vx11").raw(provenance_json(from));
  append_data_event(out_, std::move(json.close('}')).take());
}

void TextCompletionWriter::write_usage_object() {
  json::Writer json = begun(head_);
  json.key("choices").raw("[]");
  if (Tokens(stream_->ending()).are_known) {
    write_usage(json, stream_->ending());
  } else {
    json.key("usage").raw("null");
  }
  append_data_event(out_, std::move(json.close('}')).take());
}

void TextCompletionWriter::end() {
  write_finish();
  if (wants_usage_) write_usage_object();
  append_data_event(out_, "[DONE]");
}

void TextCompletionWriter::error(std::string_view body) {
  append_data_event(out_, body);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
