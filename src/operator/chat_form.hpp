#pragma once

/// \file
/// A chat in the events of the operator API. Internal.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "front/chat_form.hpp"
#include "operator/chat_turn.hpp"
#include "operator/context.hpp"
#include "operator/event_writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

class OperatorChatForm final : public ChatForm {
 public:
  /// \param turn has read the request
  OperatorChatForm(std::shared_ptr<const Context> context, ChatTurn turn, const Call& call)
      : context_(std::move(context)),
        turn_(std::make_unique<ChatTurn>(std::move(turn))),
        meter_(call.meter),
        route_count_(context_->count_of(call)) {}

  Task<void> prepare() override;
  const ChatRequest& chat() const noexcept override { return turn_->chat(); }
  const Router& router() const noexcept override { return *context_->options.router; }
  HttpResponse refuse(const ChatFailure& failure, Duration took) override;
  HttpResponse defect() override;
  HttpResponse shutting_down() override;
  void write_late(const HttpResponse& answer) override { writer_.last("error", answer.body); }
  void begin(const ChatStream& stream) override;
  ChatPieceSink& sink() noexcept override { return writer_; }
  std::string take_out() noexcept override { return writer_.take_out(); }
  Task<void> end(const ChatStream& stream) override;
  Task<void> break_off(const ChatStream& stream, Error error) override;
  void count(const StreamCount& ended) noexcept override;

 private:
  std::shared_ptr<const Context> context_;
  std::unique_ptr<ChatTurn> turn_;  ///< Until the answer begins.
  StoredTurn stored_ = {};          ///< From then on.
  std::shared_ptr<UsageMeter> meter_;
  RouteCount route_count_;
  EventWriter writer_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
