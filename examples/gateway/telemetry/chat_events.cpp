#include "gateway/telemetry/chat_events.hpp"

#include <vx11/attempt.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

using vx11::Outcome;

/// Whether the target did what keeps chats from it. It decides about the others itself: one that is
/// asleep, slow or has an open breaker.
bool is_failure(std::string_view outcome) noexcept {
  for (const Outcome failed : {Outcome::unreachable, Outcome::timeout, Outcome::error,
                               Outcome::exhausted, Outcome::invalid_reply}) {
    if (outcome == vx11::to_string(failed)) return true;
  }
  return false;
}

/// `http_401` of an answer outside 2xx, as the status of components says it; else the outcome.
class Reason {
 public:
  explicit Reason(const vx11::Event& attempt) noexcept : text_(attempt.detail) {
    if (attempt.status == 0) return;
    const std::size_t prefix = std::string_view("http_").copy(buffer_.data(), buffer_.size());
    const auto [end, error] =
        std::to_chars(buffer_.data() + prefix, buffer_.data() + buffer_.size(), attempt.status);
    if (error == std::errc()) text_ = {buffer_.data(), end};
  }
  Reason(const Reason&) = delete;  // a view of its own buffer
  Reason& operator=(const Reason&) = delete;

  std::string_view text() const noexcept { return text_; }

 private:
  std::array<char, 24> buffer_ = {};
  std::string_view text_;
};

LogEvent log_event_of(std::string_view outcome) noexcept {
  const bool is_reply = outcome == vx11::to_string(Outcome::invalid_reply);
  return is_reply ? LogEvent::chat_reply_refused : LogEvent::chat_target_failed;
}

/// The beginning of a long text, not cut within a character of UTF-8.
std::string_view bounded(std::string_view text) noexcept {
  constexpr std::size_t kMost = 256;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

ChatEvents::ChatEvents(std::shared_ptr<vx11::EventCounters> counters, Log& log)
    : counters_(std::move(counters)), log_(log) {}

void ChatEvents::on_event(const vx11::Event& event) noexcept {
  counters_->on_event(event);
  if (event.kind != vx11::EventKind::router_attempt || !is_failure(event.detail)) return;
  const Reason reason(event);
  log_.note(
      log_event_of(event.detail),
      {{"upstream", event.name}, {"reason", reason.text()}, {"detail", bounded(event.cause)}});
}

}  // namespace gateway
