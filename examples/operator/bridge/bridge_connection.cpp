#include "operator/bridge/bridge_connection.hpp"

#include <utility>
#include <vector>

#include "operator/bridge/bridge_chat.hpp"
#include "operator/bridge/bridge_close.hpp"
#include "operator/bridge/detached_task.hpp"

namespace backend {

using vx11::Scope;
using vx11::Task;

/// Its lifetime is that of the session: however that ends, the connection is forgotten, its chats
/// are cancelled, and its end is counted.
class BridgeConnection::Membership {
 public:
  explicit Membership(std::shared_ptr<BridgeConnection> self)
      : self_(std::move(self)), on_end_(self_->socket_->ended(), CancelChats{self_.get()}) {
    self_->hub_->add(self_);
    self_->context().metrics->open.fetch_add(1);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() {
    self_->hub_->remove(*self_);
    self_->cancel_chats();
    BridgeMetrics& metrics = *self_->context().metrics;
    metrics.open.fetch_sub(1);
    metrics.closed(self_->socket_->closed().value_or(vx11::WebSocketClose()).code);
  }

 private:
  struct CancelChats {
    BridgeConnection* connection;
    void operator()() const { connection->cancel_chats(); }
  };

  const std::shared_ptr<BridgeConnection> self_;
  const std::stop_callback<CancelChats> on_end_;
};

BridgeConnection::BridgeConnection(std::shared_ptr<BridgeHub> hub, BridgeCaller caller,
                                   std::string correlation_id,
                                   std::shared_ptr<vx11::WebSocket> socket)
    : hub_(std::move(hub)),
      caller_(std::move(caller)),
      correlation_id_(std::move(correlation_id)),
      socket_(std::move(socket)) {}

Task<void> BridgeConnection::run(std::shared_ptr<BridgeConnection> self) {
  const Membership membership(self);
  for (;;) {
    auto receiving = self->socket_->receive();
    const std::optional<vx11::WebSocketMessage> message = co_await std::move(receiving);
    if (!message) co_return;
    self->take(*message);
  }
}

// ---- messages of the client

void BridgeConnection::take(const vx11::WebSocketMessage& message) {
  context().metrics->received.fetch_add(1, std::memory_order_relaxed);
  if (!message.is_text) return refuse({"invalid_message", "send text messages"});
  auto request = parse_bridge_request(message.data);
  if (!request) return refuse(request.error());
  switch (request->kind) {
    case BridgeRequestKind::chat:
      return start_chat(*std::move(request));
    case BridgeRequestKind::cancel:
      return cancel_chat(request->id);
    case BridgeRequestKind::subscribe:
      return subscribe(*request);
    case BridgeRequestKind::ping:
      send(R"({"type":"pong"})");
  }
}

void BridgeConnection::refuse(const BridgeMistake& mistake) {
  context().metrics->refused.fetch_add(1, std::memory_order_relaxed);
  send(error_message(mistake));
  const bool is_invalid = mistake.code == "invalid_message";
  if (is_invalid && ++mistakes_ >= context().limits.mistakes) {
    end(kPolicyViolation, "too many messages could not be understood");
  }
}

bool BridgeConnection::allows(Scope scope, const std::optional<std::string>& id) {
  if (caller_.caller.scopes.allow(scope)) return true;
  const std::string name(vx11::to_string(scope));
  refuse({"insufficient_scope", "the credential lacks the scope " + name, id});
  return false;
}

// ---- chats

void BridgeConnection::start_chat(BridgeRequest request) {
  constexpr std::size_t kMaxPrefix = 100;  // ids have 128 bytes at most
  std::string id = correlation_id_.substr(0, kMaxPrefix) + '.' + std::to_string(++asked_);
  if (!caller_.caller.scopes.allow(Scope::chat)) {
    run_detached(note_refused_chat(shared_from_this(), request, id));
  }
  if (!allows(Scope::chat, request.id)) return;
  auto stop = begin_chat(request.id);
  if (!stop) return;
  run_detached(
      answer_chat(shared_from_this(), std::move(request), std::move(id), *std::move(stop)));
}

/// \return none if it was refused
std::optional<std::stop_token> BridgeConnection::begin_chat(const std::string& id) {
  BridgeMistake mistake;
  {
    const std::lock_guard lock(mutex_);
    if (chats_.contains(id)) {
      mistake = {"duplicate_id", "a chat with this id is being answered", id};
    } else if (chats_.size() >= context().limits.chats) {
      mistake = {"too_many_chats", "wait until a chat has been answered, or cancel one", id};
    } else {
      return chats_[id].get_token();
    }
  }
  refuse(mistake);
  return std::nullopt;
}

/// One that has just ended is no mistake: its last message and the cancellation have crossed.
void BridgeConnection::cancel_chat(const std::string& id) {
  std::stop_source stop(std::nostopstate);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = chats_.find(id); found != chats_.end()) stop = found->second;
  }
  stop.request_stop();
}

void BridgeConnection::cancel_chats() {
  std::vector<std::stop_source> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, stop] : chats_) all.push_back(stop);
  }
  for (std::stop_source& stop : all) stop.request_stop();
}

void BridgeConnection::finish_chat(const std::string& id, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    chats_.erase(id);
  }
  send(message);
}

// ---- sending

bool BridgeConnection::put(const std::string& message) {
  if (is_cut_off_) return false;
  if (socket_->unsent_bytes() + message.size() > context().limits.unsent_bytes) return false;
  if (!socket_->send(message)) return false;
  context().metrics->sent.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool BridgeConnection::send(const std::string& message) {
  const bool is_sent = put(message);
  if (!is_sent) cut_off();
  return is_sent;
}

/// The limit of the WebSocket itself leaves room for this message.
void BridgeConnection::cut_off() {
  if (is_cut_off_.exchange(true) || socket_->closed()) return;
  if (!socket_->send(R"({"type":"lagging"})")) return;
  context().metrics->lagging.fetch_add(1, std::memory_order_relaxed);
  socket_->close(kPolicyViolation, "lagging");
}

void BridgeConnection::end(std::uint16_t code, std::string_view reason) {
  is_cut_off_ = true;
  socket_->close(code, reason);
  cancel_chats();
}

void BridgeConnection::show_status(const std::string& message) {
  if (wants_status_) send(message);
}

void BridgeConnection::show_power(const std::string& message) {
  if (wants_power_) send(message);
}

void BridgeConnection::deliver(std::uint64_t id, const std::string& message) {
  bool is_sent = true;
  {
    const std::lock_guard lock(mutex_);
    if (!is_live_ || id <= delivered_) return;
    delivered_ = id;
    is_sent = put(message);  // in the order of ids
  }
  if (!is_sent) cut_off();
}

}  // namespace backend
