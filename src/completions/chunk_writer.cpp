#include "completions/chunk_writer.hpp"

#include <array>

#include "http/sse.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

constexpr std::string_view kChunk = "chat.completion.chunk";
/// Limit for the part of an endless answer that is kept in the session.
constexpr std::size_t kMostKept = 1024 * 1024;
/// A chunk with a word or two.
constexpr std::size_t kUsual = 512;

/// Whether a choice of the chunk ends with it. Quotes within strings are escaped, so the member's
/// name with its quotes cannot be part of a text.
bool finishes(std::string_view chunk) noexcept {
  constexpr std::string_view kName = R"("finish_reason")";
  for (std::size_t at = chunk.find(kName); at != std::string_view::npos;
       at = chunk.find(kName, at)) {
    at = json::skip_space(chunk, at + kName.size());
    if (at >= chunk.size() || chunk[at] != ':') continue;
    at = json::skip_space(chunk, at + 1);
    if (at < chunk.size() && chunk[at] == '"') return true;
  }
  return false;
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
  if (!text.empty()) events_ = Events::other;
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
    if (const std::string& whole = stream_->completion_json(); !whole.empty()) {
      events_ = Events::chunks;
      for (const std::string& chunk : chunks_of(whole)) pass_on(chunk);
      return;
    }
    decide(data, text);
    if (events_ == Events::undecided) return;  // an event of the upstream's own
  }
  events_ == Events::chunks ? pass_on(data) : write_delta(text);
}

void ChunkWriter::pass_on(std::string_view chunk) {
  if (is_finished_ || !finishes(chunk)) return append_data_event(out_, chunk);
  is_finished_ = true;
  append_data_event(out_, with_provenance(std::string(chunk), provenance()));
}

void ChunkWriter::write_delta(std::string_view text) {
  if (text.empty()) return;
  json::Writer json(text.size() + 256);
  json.open('{');
  write_head(json, head_, kChunk);
  json.key("choices").open('[').open('{').key("index").integer(0).key("delta").open('{');
  if (!std::exchange(has_role_, true)) json.key("role").string("assistant");
  json.key("content").string(text).close('}').key("finish_reason").raw("null").close('}');
  append_data_event(out_, std::move(json.close(']').close('}')).take());
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

void ChunkWriter::end() {
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
