#include "operator/bridge/bridge_chat.hpp"

#include <vx11/deadline.hpp>

#include <exception>
#include <utility>

#include "gateway/log/log.hpp"
#include "operator/api/api_answers.hpp"
#include "operator/bridge/bridge_close.hpp"
#include "operator/bridge/bridge_messages.hpp"
#include "operator/chats/chats.hpp"

namespace backend {

namespace {

/// Whether the gateway no longer accepts the credential. A scope that is missing is another 403.
bool refuses_credential(const ApiAnswer& answer) {
  return answer.status == 401 ||
         (answer.status == 403 && answer.body.value("error", "") == "forbidden");
}

std::string cancelled_message(const std::string& id, const std::string& correlation_id) {
  return error_message(BridgeMistake{"cancelled", "The chat was cancelled", id}, correlation_id);
}

/// What is sent at once; in JSON it can become six times as long.
std::string_view first_piece(std::string_view text) noexcept {
  constexpr std::size_t kMost = std::size_t{16} * 1024;
  constexpr unsigned kContinues = 0x80;
  if (text.size() <= kMost) return text;
  std::size_t size = kMost;
  while (size > kMost - 4 && (static_cast<unsigned char>(text[size]) & 0xC0U) == kContinues) --size;
  return text.substr(0, size);
}

/// A chat that is being answered.
class Relay {
 public:
  Relay(BridgeConnection& to, std::string id, std::string correlation_id, vx11::Deadline deadline)
      : to_(to),
        id_(std::move(id)),
        correlation_id_(std::move(correlation_id)),
        deadline_(std::move(deadline)) {}

  vx11::Task<void> run(std::string body) {
    ChatQuestion question(to_.caller().caller, std::move(body), correlation_id_);
    auto opening = to_.context().chats.open(std::move(question), deadline_);
    ChatOpening opened = co_await std::move(opening);
    if (opened.events == nullptr) co_return refuse(opened.refusal);
    bool has_more = true;
    while (has_more) {
      auto reading = opened.events->next(deadline_);
      ChatEvent event = co_await std::move(reading);
      if (event.kind == ChatEventKind::delta) {
        auto sending = send_text(event.text);
        has_more = co_await std::move(sending);
      } else {
        finish(event);
        has_more = false;
      }
    }
  }

 private:
  void refuse(const ApiAnswer& answer) {
    if (deadline_.cancelled()) return to_.finish_chat(id_, cancelled_message(id_, correlation_id_));
    to_.finish_chat(id_, chat_error_message(id_, answer.status, answer.body, correlation_id_));
    if (refuses_credential(answer)) to_.end(kLoginEnded, "the credential is no longer accepted");
  }

  /// In pieces that a client can take: the next one waits until it has read.
  vx11::Task<bool> send_text(std::string text) {
    std::string_view rest = text;
    bool is_sent = true;
    while (is_sent && !rest.empty()) {
      const std::string piece(first_piece(rest));
      rest.remove_prefix(piece.size());
      is_sent = to_.send(delta_message(id_, piece));
      if (!is_sent || rest.empty()) break;
      auto waiting = to_.wait_for_client();
      const bool is_there = co_await std::move(waiting);
      if (!is_there) {
        to_.cut_off();
        is_sent = false;
      }
    }
    co_return is_sent;
  }

  void finish(ChatEvent& event) {
    if (event.kind == ChatEventKind::done) {
      return to_.finish_chat(id_, done_message(id_, std::move(event.data)));
    }
    to_.finish_chat(id_, deadline_.cancelled()
                             ? cancelled_message(id_, correlation_id_)
                             : chat_error_message(id_, 503, event.data, correlation_id_));
  }

  BridgeConnection& to_;
  const std::string id_;
  const std::string correlation_id_;
  const vx11::Deadline deadline_;
};

}  // namespace

vx11::Task<void> answer_chat(std::shared_ptr<BridgeConnection> to, BridgeRequest request,
                             std::string correlation_id, std::stop_token stop) {
  const BridgeContext& with = to->context();
  with.metrics->chats.fetch_add(1);
  bool is_defect = false;
  try {
    Relay relay(*to, request.id, correlation_id,
                vx11::Deadline::after(with.clock.now(), with.limits.chat_time, std::move(stop)));
    auto running = relay.run(std::move(request.chat));
    co_await std::move(running);
  } catch (const std::exception& error) {
    is_defect = true;
    gateway::log_event(
        gateway::LogEvent::request_failed,
        {{"reason", error.what()}, {"route", "/operator/ws"}, {"request_id", correlation_id}});
  }
  with.metrics->chats.fetch_sub(1);
  if (is_defect) {
    const BridgeMistake mistake{"internal", "The chat was not answered", request.id};
    to->finish_chat(request.id, error_message(mistake, correlation_id));
  }
}

vx11::Task<void> note_refused_chat(std::shared_ptr<BridgeConnection> to, BridgeRequest request,
                                   std::string correlation_id) {
  try {
    ChatQuestion question(to->caller().caller, std::move(request.chat), correlation_id);
    auto noting =
        to->context().chats.refuse(std::move(question), refusal(403, "insufficient_scope"));
    co_await std::move(noting);
  } catch (const std::exception& error) {
    gateway::log_event(
        gateway::LogEvent::request_failed,
        {{"reason", error.what()}, {"route", "/operator/ws"}, {"request_id", correlation_id}});
  }
}

}  // namespace backend
