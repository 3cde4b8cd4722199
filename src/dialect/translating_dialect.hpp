#pragma once

/// \file
/// What dialects share that translate chats into messages of their own. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/completion_request.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// Reads chats as `PlainChat`; the derived class writes them.
class TranslatingDialect : public ChatDialect {
 public:
  Result<HttpRequest> ask(const ChatRequest& chat) const final {
    return ask(chat, AnswerForm::whole);
  }
  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const final;
  std::vector<std::string> ignored_members(const ChatRequest& chat) const final;
  Result<EncodedChat> encode(const ChatRequest& chat, AnswerForm form) const final;

 protected:
  /// \param model in place of the client's; empty: the client's
  /// \param known with static storage
  TranslatingDialect(std::string model, PlainChatOptions options,
                     std::span<const Translation> known)
      : model_(std::move(model)), options_(std::move(options)), known_(known) {}

  /// \param chat its model is that of the request
  virtual Result<HttpRequest> write(const PlainChat& chat, AnswerForm form) const = 0;
  std::string_view model() const noexcept { return model_; }

 private:
  std::string model_;
  PlainChatOptions options_;
  std::span<const Translation> known_;
};

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
