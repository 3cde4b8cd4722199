#pragma once

/// \file
/// A streamed chat in the events of the OpenAI chat API. Internal.

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "completions/answer_writer.hpp"
#include "completions/context.hpp"
#include "completions/request.hpp"
#include "completions/session_turn.hpp"
#include "front/chat_form.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

class CompletionForm final : public endpoints::ChatForm {
 public:
  CompletionForm(std::shared_ptr<const Context> context, std::shared_ptr<const Router> router,
                 CompletionCall call, std::shared_ptr<UsageMeter> meter,
                 endpoints::RouteCount route_count);

  Task<void> prepare() override { return turn_.recall(); }
  const ChatRequest& chat() const noexcept override { return call_.chat; }
  const Router& router() const noexcept override { return *router_; }
  HttpResponse refuse(const ChatFailure& failure, Duration took) override;
  HttpResponse defect() override;
  HttpResponse shutting_down() override;
  void write_late(const HttpResponse& answer) override { writer_->error(answer.body); }
  void begin(const ChatStream& stream) override { writer_->begin(stream); }
  ChatPieceSink& sink() noexcept override { return *writer_; }
  std::string take_out() noexcept override { return writer_->take_out(); }
  Task<void> end(const ChatStream& stream) override;
  Task<void> break_off(const ChatStream& stream, Error error) override;
  void count(const endpoints::StreamCount& ended) noexcept override;

 private:
  std::shared_ptr<const Context> context_;
  std::shared_ptr<const Router> router_;
  CompletionCall call_;
  SessionTurn turn_;
  std::shared_ptr<UsageMeter> meter_;
  std::unique_ptr<AnswerWriter> writer_;
  endpoints::RouteCount route_count_;
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
