#include <vx11/chat_stream.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/text.hpp"
#include "router/chat_stream_impl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::array<std::string_view, 5> kTexts = {"delta", "response", "reply", "message",
                                                    "content"};

bool is_object(std::string_view text) {
  return json::scan_object(text, {}).has_value();
}

}  // namespace

ChatPiece piece_of(SseEvent event) {
  ChatPiece piece;
  const auto scanned = json::scan_object(event.data, kTexts);
  if (scanned) {
    const auto& members = scanned->members;
    const auto* const text = std::find_if(
        members.begin(), members.end(), [](const auto& m) { return m.kind == json::Kind::string; });
    if (text != members.end()) piece.text = text->text;
  } else {
    piece.text = event.data;
  }
  piece.data = std::move(event.data);
  return piece;
}

Task<Result<std::optional<SseEvent>>> EventSource::next(Deadline deadline) {
  for (;;) {
    std::optional<SseEvent> event = parser_.next();
    if (event) co_return std::move(event);
    Result<std::string> bytes = co_await body_->next(deadline);
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (bytes->empty()) co_return std::optional<SseEvent>();
    if (!parser_.feed(*bytes)) co_return fail(Errc::too_large, "an event is too large");
  }
}

ChatStream::Impl::Impl(ChatReply whole) : reply(std::move(whole)) {
  std::string data = R"({"delta":)";
  json::append_string(data, reply.text);
  data += '}';
  first_.emplace(std::move(data), reply.text);
}

ChatStream::Impl::Impl(std::shared_ptr<const RouterOptions> with, ChatReply so_far, SendResult open,
                       EventSource rest, ChatPiece begin)
    : reply(std::move(so_far)),
      options_(std::move(with)),
      result_(std::move(open)),
      events_(std::move(rest)),
      first_(std::move(begin)) {}

void ChatStream::Impl::end(Verdict verdict) noexcept {
  result_->conclude(verdict);
  result_.reset();
}

Task<Result<std::optional<ChatPiece>>> ChatStream::Impl::next(Deadline deadline) {
  std::optional<ChatPiece> first = std::exchange(first_, std::nullopt);
  if (first) co_return std::move(first);
  if (!result_) co_return std::optional<ChatPiece>();
  Result<std::optional<SseEvent>> event = co_await events_.next(deadline);
  if (!event) {
    const Errc code = deadline.cancelled() ? Errc::cancelled : event.error().code;
    end(verdict_on(code));
    co_return fail(safe_error(reply.source, code));
  }
  const bool over = !*event || (*event)->name != "message";
  if (over) {
    if (*event && is_object((*event)->data)) reply.upstream_json = std::move((*event)->data);
    end(Verdict::success);
    co_return std::optional<ChatPiece>();
  }
  co_return std::optional<ChatPiece>(piece_of(std::move(**event)));
}

ChatStream::ChatStream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ChatStream::ChatStream(ChatStream&&) noexcept = default;
ChatStream& ChatStream::operator=(ChatStream&&) noexcept = default;
ChatStream::~ChatStream() = default;

const std::string& ChatStream::source() const noexcept {
  return impl_->reply.source;
}
const std::string& ChatStream::reason() const noexcept {
  return impl_->reply.reason;
}
const std::vector<Attempt>& ChatStream::attempts() const noexcept {
  return impl_->reply.attempts;
}
const std::string& ChatStream::upstream_json() const noexcept {
  return impl_->reply.upstream_json;
}

Task<Result<std::optional<ChatPiece>>> ChatStream::next(Deadline deadline) {
  return impl_->next(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
