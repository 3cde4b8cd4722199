#include "operator/session_answer.hpp"

#include <cstdint>
#include <utility>

#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

std::string message_text(const Message& message) {
  json::Writer json(message.content.size() + message.metadata_json.size() + 128);
  json.open('{').key("role").string(message.role).key("content").string(message.content);
  json.key("timestamp").string(to_rfc3339(message.timestamp));
  json.key("metadata").raw(message.metadata_json).close('}');
  return std::move(json).take();
}

class SessionStream final : public BodyStream {
 public:
  explicit SessionStream(SessionText text) : text_(std::move(text)) {}
  Task<Result<std::string>> next(Deadline /*deadline*/) override {
    return Result<std::string>(text_.next());
  }
  bool ended() const noexcept override { return text_.ended(); }

 private:
  SessionText text_;
};

}  // namespace

SessionText::SessionText(Session session) : session_(std::move(session)) {
  for (const Message& message : session_.messages) bytes_ += stored_bytes(message);
}

std::string SessionText::head() const {
  json::Writer json(512);
  json.open('{').key("session_id").string(session_.id).key("user_id").string(session_.user_id);
  json.key("created_at").string(to_rfc3339(session_.created_at));
  json.key("message_count").integer(static_cast<std::int64_t>(session_.messages.size()));
  json.key("messages").open('[');
  return std::move(json).take();
}

std::string SessionText::next() {
  if (ended_) return {};
  std::string piece = begun_ ? std::string() : head();
  begun_ = true;
  for (; written_ < session_.messages.size() && piece.size() < kPiece; ++written_) {
    if (written_ > 0) piece += ',';
    piece += message_text(session_.messages[written_]);
  }
  if (written_ < session_.messages.size()) return piece;
  ended_ = true;
  json::Writer summary(320);
  summary.string(context_summary(session_.messages));
  return piece.append("],\"summary\":").append(std::move(summary).take()).append("}");
}

std::string SessionText::whole() {
  std::string text;
  for (std::string piece = next(); !piece.empty(); piece = next()) text += piece;
  return text;
}

std::unique_ptr<BodyStream> stream_of(SessionText text) {
  return std::make_unique<SessionStream>(std::move(text));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
