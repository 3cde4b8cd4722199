#include "completions/chunk_writer.hpp"

#include <array>

#include "http/sse.hpp"
#include "json/edit.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

constexpr std::string_view kChunk = "chat.completion.chunk";
/// A chunk with a word or two.
constexpr std::size_t kUsual = 512;

/// Whether a member of this name has a value for which `test` holds. Quotes within strings are
/// escaped, so the name with its quotes cannot be part of a text.
/// \param name with its quotes
template <class Test>
bool any_value(std::string_view chunk, std::string_view name, Test test) {
  for (std::size_t at = chunk.find(name); at != std::string_view::npos; at = chunk.find(name, at)) {
    at = json::skip_space(chunk, at + name.size());
    if (at >= chunk.size() || chunk[at] != ':') continue;
    at = json::skip_space(chunk, at + 1);
    if (test(chunk.substr(at))) return true;
  }
  return false;
}

/// Whether a choice of the chunk ends with it. Some servers send an empty reason until then.
bool finishes(std::string_view chunk) {
  return any_value(chunk, R"("finish_reason")", [](std::string_view value) {
    return value.size() > 1 && value[0] == '"' && value[1] != '"';
  });
}

bool has_choices(std::string_view chunk) {
  return any_value(chunk, R"("choices")",
                   [](std::string_view value) { return value.starts_with('['); });
}

/// The first value of the chunk that is this string; empty if it is written with escapes.
std::string_view string_value(std::string_view chunk, std::string_view text) {
  constexpr std::string_view kBefore = ":\"";
  for (std::size_t at = chunk.find(text); at != std::string_view::npos;
       at = chunk.find(text, at + 1)) {
    const bool begins = chunk.substr(0, at).ends_with(kBefore);
    if (begins && chunk.substr(at + text.size()).starts_with('"'))
      return chunk.substr(at, text.size());
  }
  return {};
}

/// Whether a dialect of another API has put tool calls in place of an event's data.
bool is_translated(std::string_view data) {
  return data.starts_with(R"({"tool_calls":[)");
}

/// The chunk with an empty list of choices: clients read the first one of every chunk.
std::string with_no_choices(std::string_view chunk) {
  const json::MemberEdit edit{"choices", "[]"};
  return json::with_members(chunk, {&edit, 1});
}

}  // namespace

void ChunkWriter::begin(const ChatStream& stream) {
  stream_ = &stream;
}

Provenance ChunkWriter::provenance() const {
  return {stream_->source(), stream_->reason(), stream_->attempts(), stream_->ignored(), turn_};
}

/// Chunks made here have the id of those before them.
void ChunkWriter::decide(std::string_view data, std::string_view text) {
  if (!text.empty() || is_translated(data)) events_ = Events::other;
  constexpr std::array<std::string_view, 3> kNames = {"choices", "id", "model"};
  const auto scanned = json::scan_object(data, kNames);
  if (!scanned || scanned->members[0].kind != json::Kind::array) return;
  events_ = Events::chunks;
  has_role_ = true;
  if (scanned->members[1].kind == json::Kind::string) head_.id = scanned->members[1].text;
  if (scanned->members[2].kind == json::Kind::string) head_.model = scanned->members[2].text;
}

void ChunkWriter::take(std::string_view data, std::string_view text) {
  if (out_.empty()) out_.reserve(kUsual);
  if (turn_.is_kept() && text_.size() < kMostKept) text_ += text;
  if (events_ == Events::undecided) {
    if (!stream_->completion_json().empty()) return take_whole(text);
    decide(data, text);
    if (events_ == Events::undecided) return;  // an event of the upstream's own
  }
  if (events_ == Events::chunks) return pass_on(data, text);
  write_text(text);
  if (is_translated(data)) write_calls(data);
}

/// An answer that cannot be converted is written as its text.
void ChunkWriter::take_whole(std::string_view text) {
  const auto usage = wants_usage_ ? UsageChunk::yes : UsageChunk::no;
  const std::string whole = with_head(stream_->completion_json(), head_, stream_->ending());
  const std::vector<std::string> chunks = chunks_of(whole, usage);
  events_ = chunks.empty() ? Events::other : Events::chunks;
  if (chunks.empty()) return write_text(text);
  for (const std::string& chunk : chunks) pass_on(chunk, {});
}

/// Nothing has to be looked for in a chunk that differs from one before it in its text alone.
void ChunkWriter::pass_on(std::string_view chunk, std::string_view text) {
  if (usual_.match(chunk)) return append_data_event(out_, chunk);
  if (!has_choices(chunk)) return append_data_event(out_, with_no_choices(chunk));
  if (is_finished_ || !finishes(chunk)) {
    const std::string_view value = text.empty() ? text : string_value(chunk, text);
    if (!value.empty()) usual_.remember(chunk, value);
    return append_data_event(out_, chunk);
  }
  is_finished_ = true;
  append_data_event(out_, with_provenance(chunk, provenance()));
}

/// The caller writes the members of the delta.
json::Writer ChunkWriter::begin_delta(std::size_t expected) {
  json::Writer json(expected + 256);
  json.open('{');
  write_head(json, head_, kChunk);
  json.key("choices").open('[').open('{').key("index").integer(0).key("delta").open('{');
  if (!std::exchange(has_role_, true)) json.key("role").string("assistant");
  return json;
}

void ChunkWriter::write_delta(json::Writer&& delta) {
  delta.close('}').key("finish_reason").raw("null").close('}');
  append_data_event(out_, std::move(delta.close(']').close('}')).take());
}

void ChunkWriter::write_text(std::string_view text) {
  if (text.empty()) return;
  json::Writer delta = begin_delta(text.size());
  delta.key("content").string(text);
  write_delta(std::move(delta));
}

/// \param data an object whose only member is `tool_calls`
void ChunkWriter::write_calls(std::string_view data) {
  json::Writer delta = begin_delta(data.size());
  delta.members_of(data);
  write_delta(std::move(delta));
}

void ChunkWriter::write_finish() {
  json::Writer json(512);
  json.open('{');
  write_head(json, head_, kChunk);
  json.key("choices").open('[').open('{').key("index").integer(0);
  json.key("delta").open('{').close('}');
  json.key("finish_reason").string(stream_->ending().finish_reason).close('}').close(']');
  json.key("vx11").raw(provenance_json(provenance()));
  append_data_event(out_, std::move(json.close('}')).take());
}

void ChunkWriter::write_usage_chunk() {
  const ChatEnding& ending = stream_->ending();
  json::Writer json(256);
  json.open('{');
  write_head(json, head_, kChunk);
  json.key("choices").open('[').close(']');
  if (ending.input_tokens || ending.output_tokens) {
    write_usage(json, ending);
  } else {
    json.key("usage").raw("null");
  }
  append_data_event(out_, std::move(json.close('}')).take());
}

/// Some clients expect a delta with the role in every stream.
void ChunkWriter::write_role() {
  json::Writer delta = begin_delta(0);
  delta.key("content").string("");
  write_delta(std::move(delta));
}

void ChunkWriter::end() {
  if (!is_finished_ && !has_role_) write_role();
  if (!is_finished_) write_finish();
  if (wants_usage_ && events_ != Events::chunks) write_usage_chunk();
  append_data_event(out_, "[DONE]");
}

void ChunkWriter::error(std::string_view body) {
  append_data_event(out_, body);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
