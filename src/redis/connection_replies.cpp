#include <utility>

#include "redis/connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::TimerWheel;

void Connection::take(Reply reply) {
  if (pushes_ && reply[0].text() == "message") {
    if (user_ != nullptr) user_->pushed(reply);
    return;
  }
  if (places_.empty()) return end(ErrorKind::not_redis);
  switch (places_.front().of) {
    case Place::Of::call:
      return take_for_call(std::move(reply));
    case Place::Of::greeting:
      return take_greeting(reply);
    case Place::Of::confirmation:
      return take_confirmation(reply);
    case Place::Of::check:
      pop_front();
      return note_refusal(reply);
  }
}

/// What the caller does next may end this connection, so that comes last. A refusal may resume
/// other callers, which may end this call.
void Connection::take_for_call(Reply reply) {
  const bool is_refused = reply.is_error();
  if (is_refused) note_refusal(reply);
  if (ended_) return;
  Place& place = places_.front();
  Call* const call = place.call;
  if (call != nullptr) call->add(std::move(reply));
  if (--place.left != 0) return;
  const bool has_to_wait =
      call != nullptr && call->writes() && !is_refused && shared_->options.wait_replicas != 0;
  if (has_to_wait) unconfirmed_.push_back(call);
  pop_front();
  if (call != nullptr && !has_to_wait) call->succeed();
}

void Connection::take_greeting(const Reply& reply) {
  const Step step = steps_.front();
  steps_.pop_front();
  const ErrorKind wrong = welcome_error(step, reply);
  pop_front();
  if (wrong != ErrorKind::error) return end(wrong);
  if (!steps_.empty() || ended_) return;
  ready_ = true;
  ready_since_ = last_use_ = TimerWheel::now();
  channel_->no_limit();
  limit_front();
  idle_timer_.arm(saturated_add(last_use_, shared_->options.idle_check));
  Counters::add(shared_->counters.connections);
  shared_->board.connected(address_, greeting_.is_sentinel ? "sentinel" : "master");
  shared_->report(EventKind::redis_connected, greeting_.is_sentinel ? "sentinel" : "master");
  if (user_ != nullptr) user_->connected(*this);
}

/// \return `error` if nothing is wrong: what this user may not ask, or this server does not know,
///         is no evidence against it
ErrorKind Connection::welcome_error(Step step, const Reply& reply) const noexcept {
  if (reply.is_error()) {
    const ErrorKind kind = error_kind(reply.text());
    const bool is_needed = step == Step::authenticate || step == Step::select;
    if (is_needed && kind == ErrorKind::error) return ErrorKind::not_redis;
    const bool is_harmless = kind == ErrorKind::no_permission || kind == ErrorKind::unknown_command;
    return is_harmless && !is_needed ? ErrorKind::error : kind;
  }
  if (step != Step::role) return reply.text() == "OK" ? ErrorKind::error : ErrorKind::not_redis;
  const std::string_view role = reply[0].text();
  if (!reply.is_array()) return ErrorKind::not_redis;
  if ((role == "sentinel") != greeting_.is_sentinel) return ErrorKind::wrong_role;
  return greeting_.needs_master && role != "master" ? ErrorKind::read_only : ErrorKind::error;
}

void Connection::take_confirmation(const Reply& reply) {
  const bool is_refused = reply.is_error();
  const bool is_enough =
      !is_refused && reply.integer() >= std::int64_t{shared_->options.wait_replicas};
  const ErrorKind why = is_refused ? error_kind(reply.text()) : ErrorKind::not_replicated;
  confirming_ = false;
  pop_front();
  flush_later();
  while (!unconfirmed_.empty()) {
    Call* const call = unconfirmed_.back();
    unconfirmed_.pop_back();
    if (call != nullptr) is_enough ? call->succeed() : call->fail(why);
  }
  note_refusal(reply);
  end_if_done();
}

void Connection::note_refusal(const Reply& reply) {
  if (!reply.is_error()) return;
  const ErrorKind kind = error_kind(reply.text());
  const Remedy remedy = facts_of(kind).remedy;
  if (remedy == Remedy::drop || remedy == Remedy::drop_and_retry) return retire(kind);
  if (kind != ErrorKind::no_script && remedy == Remedy::give_up) {
    shared_->board.failed(address_, kind);
  }
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
