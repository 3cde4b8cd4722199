#include "redis/connection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/client/connect.hpp"
#include "net/socket/tls_channel.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::Channel;
using net_detail::CloseReason;
using net_detail::LaterTurn;
using net_detail::Loop;
using net_detail::Socket;
using net_detail::TimerWheel;

namespace {

/// Answers before questions, as with upstreams.
class RedisChannel : public Channel {
 public:
  RedisChannel(Loop& loop, Socket socket) : Channel(loop, std::move(socket), Priority::results) {}
};

class TlsRedisChannel final : public net_detail::TlsOver<RedisChannel> {
 public:
  TlsRedisChannel(Loop& loop, Socket socket, const std::string& name, TlsSource::Context context)
      : TlsOver(std::move(context), name, loop, std::move(socket)) {}
};

ErrorKind kind_of(const Error& error) noexcept {
  switch (error.code) {
    case Errc::timeout:
      return ErrorKind::timeout;
    case Errc::cancelled:
      return ErrorKind::cancelled;
    case Errc::exhausted:
      return ErrorKind::exhausted;
    default:
      return ErrorKind::unreachable;
  }
}

}  // namespace

Connection::Connection(Loop& loop, std::shared_ptr<Shared> shared, Url url, Greeting greeting,
                       ConnectionUser& user)
    : loop_(loop),
      shared_(std::move(shared)),
      url_(std::move(url)),
      greeting_(std::move(greeting)),
      address_(address_of(url_)),
      user_(&user),
      reader_(shared_->options.max_reply_bytes),
      idle_timer_(loop.timers, &Connection::idle, this) {}

void Connection::start() {
  run_detached(shared_from_this(), drive());
}

Task<void> Connection::drive() {
  constexpr int kReadsPerTurn = 16;
  Result<void> opened = co_await open();
  if (!opened) end(kind_of(opened.error()));
  if (!ended_) greet();
  while (is_open()) {
    int reads = 0;
    while (reads < kReadsPerTurn && read_some()) ++reads;
    if (blocked_ && is_open()) flush();
    if (!is_open()) break;
    if (reads == kReadsPerTurn) {
      LaterTurn later(loop_);
      co_await later;
    } else {
      auto changed = channel_->wait_event();
      co_await changed;
    }
  }
  end(why_closed());
}

Task<Result<void>> Connection::open() {
  TlsSource::Context context = nullptr;
  if (shared_->url.tls) {
    auto made = shared_->tls.context();
    if (!made) co_return fail(std::move(made.error()));
    context = *std::move(made);
  }
  const Deadline until(TimerWheel::in(shared_->options.connect_timeout));
  Result<Socket> socket = co_await net_detail::connect(loop_, shared_->resolver, url_, until);
  if (ended_) co_return fail(Errc::cancelled);
  if (!socket) co_return fail(std::move(socket.error()));
  channel_ = channel_over(*std::move(socket), std::move(context));
  channel_->limit(until.at());
  if (!channel_->needs_handshake()) co_return Result<void>();
  Result<void> done = co_await channel_->handshake();
  if (!done && done.error().code == Errc::unreachable) end(ErrorKind::tls_failed);
  co_return done;
}

std::shared_ptr<Channel> Connection::channel_over(Socket socket, TlsSource::Context context) {
  if (!context) return std::make_shared<RedisChannel>(loop_, std::move(socket));
  const std::string& name = shared_->options.server_name;
  return std::make_shared<TlsRedisChannel>(loop_, std::move(socket),
                                           name.empty() ? url_.host() : name, std::move(context));
}

bool Connection::is_open() const noexcept {
  return !ended_ && channel_->close_reason() == CloseReason::none;
}

ErrorKind Connection::why_closed() const noexcept {
  if (!channel_) return ErrorKind::unreachable;
  switch (channel_->close_reason()) {
    case CloseReason::overdue:
      return ErrorKind::timeout;
    case CloseReason::aborted:
      return ErrorKind::cancelled;
    case CloseReason::exhausted:
      return ErrorKind::exhausted;
    default:
      return ErrorKind::unreachable;
  }
}

/// \return whether there may be more
bool Connection::read_some() {
  if (ended_ || !channel_->receive_now()) return false;
  reader_.feed(channel_->unread());
  channel_->consume(channel_->unread().size());
  while (auto reply = reader_.next()) {
    take(*std::move(reply));
    if (ended_) return false;
  }
  if (reader_.failure()) end(*reader_.failure());
  return !ended_;
}

void Connection::greet() {
  const Credentials& who = greeting_.credentials;
  if (who.password) {
    Command authenticate("AUTH");
    if (!who.user.empty()) authenticate.add(who.user);
    greet_with(authenticate.add(*who.password), Step::authenticate);
  }
  if (greeting_.database) greet_with(Command("SELECT").add(*greeting_.database), Step::select);
  if (!shared_->options.client_name.empty()) {
    greet_with(Command("CLIENT").add("SETNAME").add(shared_->options.client_name), Step::name);
  }
  greet_with(Command("ROLE"), Step::role);
  flush();
}

void Connection::greet_with(const Command& command, Step step) {
  command.append_to(out_);
  steps_.push_back(step);
  places_.emplace_back(Place::Of::greeting, 1);
}

void Connection::submit(Call& call) {
  const RedisOptions& options = shared_->options;
  if (places_.size() >= options.max_pending || out_.size() >= options.max_reply_bytes) {
    return call.fail(ErrorKind::overloaded);
  }
  call.wait_in(*this, answered_ + places_.size());
  call.note_sent();
  out_ += call.bytes();
  writes_ = writes_ || call.writes();
  push(Place(Place::Of::call, call.expected(), &call));
}

void Connection::push(Place place) {
  last_use_ = place.sent;
  places_.push_back(place);
  if (places_.size() == 1) limit_front();
  flush_later();
}

void Connection::pop_front() {
  places_.pop_front();
  ++answered_;
  if (ready_) limit_front();
  end_if_done();
}

/// Of a retired connection: its last call has been answered.
void Connection::end_if_done() {
  if (user_ == nullptr && places_.empty() && unconfirmed_.empty()) end(ErrorKind::cancelled);
}

/// The server has `command_timeout` for each command; one it does not answer shows that it is dead.
void Connection::limit_front() noexcept {
  if (!channel_ || ended_) return;
  if (places_.empty()) return channel_->no_limit();
  channel_->limit(saturated_add(places_.front().sent, shared_->options.command_timeout));
}

void Connection::flush_later() {
  if (flush_job_.is_queued() || out_.empty()) return;
  flush_job_.keep(shared_from_this());
  loop_.post(flush_job_);
}

void Connection::flush() {
  if (ended_ || out_.empty() || (confirming_ && to_confirmation_ == 0)) return;
  if (writes_ && shared_->options.wait_replicas != 0 && !confirming_) ask_for_confirmation();
  const std::string_view all = out_;
  const std::string_view next = confirming_ ? all.substr(0, to_confirmation_) : all;
  const std::size_t sent = channel_->send_now(next);
  Counters::add(shared_->counters.sends);
  blocked_ = sent != next.size();
  if (confirming_) to_confirmation_ -= sent;
  out_.erase(0, sent);
  if (!channel_->can_send()) return end(why_closed());
  constexpr std::size_t kKept = 256 * 1024;  // more memory is given back
  if (out_.empty() && out_.capacity() > kKept) out_ = std::string();
}

/// One WAIT for all writes so far. The server answers nothing behind it before it is over, so
/// nothing is sent behind it.
void Connection::ask_for_confirmation() {
  const RedisOptions& options = shared_->options;
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(options.wait_timeout).count();
  Command("WAIT").add(options.wait_replicas).add(std::max<std::int64_t>(limit, 1)).append_to(out_);
  places_.emplace_back(Place::Of::confirmation, 1);
  writes_ = false;
  confirming_ = true;
  to_confirmation_ = out_.size();
}

void Connection::forget(Call& call) noexcept {
  const std::uint64_t index = call.place() - answered_;
  if (call.place() >= answered_ && index < places_.size()) {
    places_[index].call = nullptr;
  } else {
    std::replace(unconfirmed_.begin(), unconfirmed_.end(), &call, static_cast<Call*>(nullptr));
  }
}

void Connection::idle(void* self) {
  auto& connection = *static_cast<Connection*>(self);
  if (connection.ended_ || connection.loop_.ending()) return;
  const Duration pause = connection.shared_->options.idle_check;
  const TimePoint now = TimerWheel::now();
  if (connection.places_.empty() && now - connection.last_use_ >= pause) {
    Command("PING").append_to(connection.out_);
    connection.push(Place(Place::Of::check, 1));
  }
  const Duration unused = now - connection.last_use_;
  const bool is_used = unused > Duration::zero() && unused < pause;
  connection.idle_timer_.arm(saturated_add(now, is_used ? pause - unused : pause));
}

/// The user has to find another connection; this one ends when its calls have been answered.
void Connection::retire(ErrorKind why) {
  ConnectionUser* const user = std::exchange(user_, nullptr);
  if (user == nullptr) return;
  idle_timer_.disarm();
  if (ready_) shared_->board.disconnected(address_, why);
  if (ready_) Counters::add(shared_->counters.disconnections);
  if (ready_) shared_->report(EventKind::redis_disconnected, to_string(why));
  user->disconnected(*this, why);
}

void Connection::end(ErrorKind why) {
  if (ended_) return;
  const auto self = shared_from_this();
  ended_ = true;
  idle_timer_.disarm();
  if (channel_) channel_->abort(CloseReason::aborted);
  ConnectionUser* const user = std::exchange(user_, nullptr);
  if (user != nullptr) {
    ready_ ? shared_->board.disconnected(address_, why) : shared_->board.failed(address_, why);
    if (ready_) Counters::add(shared_->counters.disconnections);
    shared_->report(EventKind::redis_disconnected, to_string(why));
    user->disconnected(*this, why);
  }
  fail_calls(why);
}

void Connection::fail_calls(ErrorKind why) {
  while (!places_.empty()) {
    Call* const call = places_.front().call;
    places_.pop_front();
    ++answered_;
    if (call != nullptr) call->fail(why);
  }
  while (!unconfirmed_.empty()) {
    Call* const call = unconfirmed_.back();
    unconfirmed_.pop_back();
    if (call != nullptr) call->fail(why);
  }
}

void Connection::close(ErrorKind why) noexcept {
  if (std::exchange(user_, nullptr) != nullptr && ready_) shared_->board.closed(address_);
  end(why);
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
