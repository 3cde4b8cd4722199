#include "chat_request.hpp"

#include <utility>

#include "fields.hpp"

namespace vx11::c {
namespace {

ChatMessage read_message(Fields fields) {
  ChatMessage message;
  fields.require("role", message.role);
  fields.require("content", message.text);
  const bool known =
      message.role == "system" || message.role == "user" || message.role == "assistant";
  if (!known) fields.mistake("role", "is none of system, user and assistant");
  fields.end();
  return message;
}

}  // namespace

Result<ChatRequest> chat_request(const char* description) {
  Fields fields(description);
  ChatRequest chat;
  fields.require("message", chat.message);
  fields.read("session_id", chat.session_id);
  fields.read("user_id", chat.user_id);
  fields.read("mode", chat.mode);
  fields.read_object("metadata", chat.metadata_json);
  fields.read("context_summary", chat.context_summary);
  for (Fields& each : fields.objects("history")) {
    chat.history.push_back(read_message(std::move(each)));
  }
  auto right = fields.finish();
  if (!right) return fail(right.error());
  return chat;
}

}  // namespace vx11::c
