#pragma once

/// \file
/// `POST /v1/completions`: the request as one of chat completions, and the answer. Internal.

#include <vx11/router.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "completions/answer_writer.hpp"
#include "completions/answers.hpp"
#include "completions/request.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Parses the body of a request for a text completion. Its prompt becomes a message of the user.
/// \return 400 that names the first mistake, or the first member that a chat has no place for
Result<CompletionCall, HttpResponse> read_text_completion_call(const std::string& body,
                                                               SessionMember session_member);

/// A whole answer. This API has no place for a refusal: it is the text of an answer without one.
std::string text_completion_body(const ChatReply& reply, const AnswerHead& head,
                                 const Provenance& from);

/// Writes a streamed answer as `text_completion` objects, each with one choice.
class TextCompletionWriter final : public AnswerWriter {
 public:
  /// \param turn must outlive this object
  TextCompletionWriter(AnswerHead head, bool wants_usage, const SessionTurn& turn)
      : head_(std::move(head)), wants_usage_(wants_usage), turn_(turn) {}

  void begin(const ChatStream& stream) override { stream_ = &stream; }
  void take(std::string_view data, std::string_view text) override;
  void end() override;
  void error(std::string_view body) override;
  std::string take_out() noexcept override { return std::exchange(out_, {}); }
  std::string take_text() noexcept override { return std::move(text_); }

 private:
  void write_piece(std::string_view text);
  void write_finish();
  void write_usage_object();

  AnswerHead head_;
  bool wants_usage_;
  const SessionTurn& turn_;
  const ChatStream* stream_ = nullptr;
  std::string out_ = {};
  std::string text_ = {};
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
