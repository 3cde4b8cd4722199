#include "operator/chats/chat_events.hpp"

#include <vx11/event_stream_reader.hpp>

#include <atomic>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/chats/chat_answer.hpp"
#include "operator/gateway/gateway_reply.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Deadline;
using vx11::Errc;
using vx11::Result;
using vx11::StreamEvent;
using vx11::Task;

ChatEvent delta(std::string text) {
  ChatEvent event;
  event.kind = ChatEventKind::delta;
  event.text = std::move(text);
  return event;
}

ChatEvent last(ChatEventKind kind, json data, const std::string& correlation_id) {
  ChatEvent event;
  event.kind = kind;
  event.data = std::move(data);
  event.data["correlation_id"] = correlation_id;
  return event;
}

json shutting_down() {
  return {{"status", "service_offline"},
          {"module", "operator_backend"},
          {"reason", "shutting_down"},
          {"message", "The backend is shutting down; ask again"},
          {"complete", false}};
}

json breaking(Errc code) {
  return {{"status", "service_offline"},
          {"module", kGatewayModule},
          {"reason", failure_reason(code)},
          {"message", "The answer broke off"},
          {"complete", false}};
}

class StreamedEvents final : public ChatEvents {
 public:
  StreamedEvents(std::unique_ptr<ChatRecord> record, std::unique_ptr<vx11::BodyStream> body)
      : record_(std::move(record)), reader_(std::move(body)) {}

  Task<ChatEvent> next(Deadline deadline) override {
    const StopForward forward{stop_};
    const std::stop_callback on_stop(deadline.stop_token(), forward);
    const Deadline own(deadline.at(), stop_.get_token());
    while (!ended_) {
      auto reading = reader_.next(own);
      Result<std::optional<StreamEvent>> event = co_await std::move(reading);
      const bool is_event = event && *event;
      if (!is_event) {
        auto breaking_off = broke_off_by(event ? Errc::invalid_reply : event.error().code);
        co_return co_await std::move(breaking_off);
      }
      auto handling = handle(**event);
      ChatEvent seen = co_await std::move(handling);
      if (seen.kind != ChatEventKind::end) co_return seen;
    }
    co_return ChatEvent();
  }

  void cut_short() noexcept override {
    std::stop_source stopping = stop_;  // what is stopped may destroy this object
    cut_short_.store(true, std::memory_order_relaxed);
    stopping.request_stop();
  }

 private:
  struct StopForward {
    std::stop_source stop;
    void operator()() const {
      std::stop_source stopping = stop;
      stopping.request_stop();
    }
  };

  Task<ChatEvent> broke_off_by(Errc code) {
    const bool is_cut = code == Errc::cancelled && cut_short_.load(std::memory_order_relaxed);
    if (is_cut) return broke_off(shutting_down(), Errc::unavailable);
    return broke_off(breaking(code), code);
  }

  /// The event for the caller; `end` if it is none for them.
  Task<ChatEvent> handle(const StreamEvent& event) {
    if (event.name == "message") return piece(event.data);
    if (event.name == "done") return done(event.data);
    if (event.name == "error") return failed(event.data);
    return ChatEvent();
  }

  ChatEvent piece(const std::string& data) {
    constexpr std::size_t kMostKept = 1024 * 1024;  // as the gateway keeps in its session
    std::string text = piece_text(data);
    if (text.empty()) return ChatEvent();
    if (text_.size() < kMostKept) text_ += text;
    return delta(std::move(text));
  }

  Task<ChatEvent> done(const std::string& data) {
    std::optional<json> body = parse_bounded(data);
    const bool is_end = body && is_chat_answer(*body, false);
    if (!is_end) return broke_off(breaking(Errc::invalid_reply), Errc::invalid_reply);
    return complete(*std::move(body));
  }

  Task<ChatEvent> complete(json body) {
    ended_ = true;
    complete_answer(body, record_->elapsed_ms());
    auto storing = record_->answered(body, std::move(text_));
    co_await std::move(storing);
    co_return last(ChatEventKind::done, std::move(body), record_->question().correlation_id);
  }

  Task<ChatEvent> failed(const std::string& data) {
    std::optional<json> body = parse_bounded(data);
    const bool is_failure = body && member(*body, "reason").is_string();
    if (!is_failure) body = breaking(Errc::invalid_reply);
    (*body)["complete"] = false;
    return broke_off(*std::move(body), Errc::unavailable);
  }

  Task<ChatEvent> broke_off(json failure, Errc code) {
    ended_ = true;
    if (code != Errc::cancelled) {
      auto recording = record_->broke_off(failure, std::move(text_));
      co_await std::move(recording);
    }
    co_return last(ChatEventKind::error, std::move(failure), record_->question().correlation_id);
  }

  std::unique_ptr<ChatRecord> record_;
  vx11::EventStreamReader reader_;
  std::string text_ = {};
  std::stop_source stop_ = {};           ///< Ends the wait for the gateway.
  std::atomic<bool> cut_short_ = false;  ///< Set before `stop_` is stopped.
  bool ended_ = false;
};

class WholeEvents final : public ChatEvents {
 public:
  explicit WholeEvents(std::deque<ChatEvent> events) : events_(std::move(events)) {}

  Task<ChatEvent> next(Deadline /*deadline*/) override {
    if (events_.empty()) return ChatEvent();
    ChatEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::deque<ChatEvent> events_;
};

std::string_view name_of(ChatEventKind kind) noexcept {
  if (kind == ChatEventKind::done) return "done";
  return kind == ChatEventKind::error ? "error" : "message";
}

/// Numbered, named events of `text/event-stream`.
class EventBody final : public vx11::BodyStream {
 public:
  explicit EventBody(std::unique_ptr<ChatEvents> events) : events_(std::move(events)) {}

  Task<Result<std::string>> next(Deadline deadline) override {
    if (ended_) co_return std::string();
    auto reading = events_->next(std::move(deadline));
    const ChatEvent event = co_await std::move(reading);
    ended_ = event.kind != ChatEventKind::delta;
    failed_ = event.kind == ChatEventKind::error;
    co_return event.kind == ChatEventKind::end ? std::string() : written(event);
  }
  bool ended() const noexcept override { return ended_; }
  bool failed() const noexcept override { return failed_; }
  bool cut_short() noexcept override {
    events_->cut_short();
    return true;
  }

 private:
  std::string written(const ChatEvent& event) {
    const json data = event.kind == ChatEventKind::delta ? json{{"delta", event.text}} : event.data;
    std::string text = "id: " + std::to_string(++number_) + "\nevent: ";
    text += name_of(event.kind);
    text += "\ndata: ";
    text += data.dump(-1, ' ', false, json::error_handler_t::replace);
    return text + "\n\n";
  }

  std::unique_ptr<ChatEvents> events_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<ChatEvents> stream_events(std::unique_ptr<ChatRecord> record,
                                          std::unique_ptr<vx11::BodyStream> body) {
  return std::make_unique<StreamedEvents>(std::move(record), std::move(body));
}

std::unique_ptr<ChatEvents> whole_events(const ChatRecord& record, json answer) {
  std::deque<ChatEvent> events;
  const std::string text = text_member(answer, "response");
  if (!text.empty()) events.push_back(delta(text));
  answer.erase("response");
  events.push_back(last(ChatEventKind::done, std::move(answer), record.question().correlation_id));
  return std::make_unique<WholeEvents>(std::move(events));
}

std::unique_ptr<vx11::BodyStream> event_stream_of(std::unique_ptr<ChatEvents> events) {
  return std::make_unique<EventBody>(std::move(events));
}

}  // namespace backend
