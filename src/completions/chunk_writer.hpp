#pragma once

/// \file
/// Writes a streamed answer as the chunks of the OpenAI chat API. Internal.

#include <vx11/chat_stream.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "completions/answer_writer.hpp"
#include "completions/answers.hpp"
#include "json/string_frame.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Passes on the chunks of an upstream that speaks the API, and makes chunks of any other text and
/// of translated tool calls. The chunk with the first `finish_reason` gets the member `vx11`.
class ChunkWriter final : public AnswerWriter {
 public:
  /// \param turn must outlive this object
  ChunkWriter(AnswerHead head, bool wants_usage, const SessionTurn& turn)
      : head_(std::move(head)), wants_usage_(wants_usage), turn_(turn) {}

  void begin(const ChatStream& stream) override;
  void take(std::string_view data, std::string_view text) override;
  void end() override;
  void error(std::string_view body) override;
  std::string take_out() noexcept override { return std::exchange(out_, {}); }
  std::string take_text() noexcept override { return std::move(text_); }

 private:
  /// How the upstream's events are read; decided by the first with a text or with `choices`.
  enum class Events : unsigned char { undecided, chunks, other };

  void decide(std::string_view data, std::string_view text);
  void take_whole(std::string_view text);
  void pass_on(std::string_view chunk, std::string_view text);
  json::Writer begin_delta(std::size_t expected);
  void write_delta(json::Writer&& delta);
  void write_text(std::string_view text);
  void write_calls(std::string_view data);
  void write_role();
  void write_finish();
  void write_usage_chunk();
  Provenance provenance() const;

  AnswerHead head_;
  bool wants_usage_;
  const SessionTurn& turn_;
  const ChatStream* stream_ = nullptr;
  Events events_ = Events::undecided;
  bool has_role_ = false;
  bool is_finished_ = false;
  json::StringFrame usual_ = {};  ///< Of the last chunk that was passed on with a text.
  std::string out_ = {};
  std::string text_ = {};
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
