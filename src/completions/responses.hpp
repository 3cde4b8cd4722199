#pragma once

/// \file
/// `POST /v1/responses`, as far as text needs it: the request as one of chat completions, and the
/// answer. Internal.

#include <vx11/router.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "completions/answer_writer.hpp"
#include "completions/answers.hpp"
#include "completions/request.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Parses the body of a request for a response: text in, text out. Its input becomes messages.
/// \return 400 that names the first mistake, or the first member that is not served
Result<CompletionCall, HttpResponse> read_response_call(const std::string& body,
                                                        SessionMember session_member);

/// A whole answer.
std::string response_body(const ChatReply& reply, const AnswerHead& head, const Provenance& from);

/// Writes a streamed answer as the events of a response with one message.
class ResponseWriter final : public AnswerWriter {
 public:
  /// \param turn must outlive this object
  ResponseWriter(AnswerHead head, const SessionTurn& turn) : head_(std::move(head)), turn_(turn) {}

  void begin(const ChatStream& stream) override { stream_ = &stream; }
  void take(std::string_view data, std::string_view text) override;
  void end() override;
  void error(std::string_view body) override;
  std::string take_out() noexcept override { return std::exchange(out_, {}); }
  /// A copy, since the last events repeat the text.
  std::string take_text() noexcept override { return turn_.is_kept() ? text_ : std::string(); }

 private:
  json::Writer event(std::string_view type);
  void write(json::Writer&& event);
  json::Writer part_event(std::string_view type, int part);
  void write_beginning();
  void begin_text();
  void end_text();
  void take_refusal(std::string_view data);
  void write_refusal();

  AnswerHead head_;
  const SessionTurn& turn_;
  const ChatStream* stream_ = nullptr;
  std::int64_t next_number_ = 0;
  bool has_begun_ = false;
  bool has_text_part_ = false;
  bool is_cut_ = false;  ///< The text was too long to be repeated at the end.
  std::string out_ = {};
  std::string text_ = {};
  std::string refusal_ = {};
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
