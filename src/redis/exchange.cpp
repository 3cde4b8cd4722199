#include "redis/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::TimerWheel;

namespace {

constexpr std::uint32_t kMostRedirections = 8;

/// The only master with that port.
std::optional<Url> master_at(const ServerMap* map, std::uint16_t port) {
  if (map == nullptr) return std::nullopt;
  const auto has_port = [port](const Url& master) { return master.port() == port; };
  const auto& all = map->masters;
  if (std::count_if(all.begin(), all.end(), has_port) != 1) return std::nullopt;
  return *std::find_if(all.begin(), all.end(), has_port);
}

/// The server in `MOVED 3999 127.0.0.1:6381`; none if there is none. Without a host it is another
/// port of the host asked. With `?` it is a node without a name of the preferred kind
/// (cluster-preferred-endpoint-type), which the map may show by its port.
std::optional<Url> server_in(std::string_view refusal, std::string_view asked_host,
                             const ServerMap* map) {
  const std::string_view address = refusal.substr(refusal.rfind(' ') + 1);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = address.data() + address.size();
  const auto [read, error] = std::from_chars(address.data() + colon + 1, end, port);
  if (error != std::errc() || read != end) return std::nullopt;
  const std::string_view host = address.substr(0, colon);
  if (host == "?") return master_at(map, port);
  return server_at(host.empty() ? asked_host : host, port);
}

Deadline capped(const LoopClient& client, const Deadline& deadline) {
  const TimePoint most = TimerWheel::in(client.shared().options.command_timeout);
  return Deadline(std::min(deadline.at(), most), deadline.stop_token());
}

}  // namespace

Exchange::Exchange(LoopClient& client, std::string_view key, const Command& command,
                   const Deadline& deadline)
    : client_(client),
      key_(key),
      deadline_(capped(client, deadline)),
      first_bytes_(command.first().size()),
      writes_(command.writes()) {
  Counters::add(client_.shared().counters.commands);
  bytes_.reserve(command.size());
  bytes_ += command.first();
  command.append_to(bytes_);
}

bool Exchange::begin_step() {
  if (step_) {
    conclude();
  } else if (deadline_.cancelled()) {
    give_up(RedisError(ErrorKind::cancelled));
  }
  if (!result_) begin();
  return !result_;
}

void Exchange::begin() {
  if (std::exchange(pauses_next_, false)) return wait_a_moment();
  Link* const link = next_server_ ? &client_.link_to(*next_server_) : client_.link_for(key_);
  if (link != nullptr) return send_to(*link);
  client_.ask_again();
  if (client_.knows_map()) {
    last_ = ErrorKind::cluster_down;
    return wait_a_moment();
  }
  if (const auto failure = client_.map_failure()) return give_up(RedisError(*failure));
  wait(Step::map, deadline_.at());
  client_.wait_for_map(*step_);
}

/// 10 to 160 ms: a slot that moves is there in milliseconds, a failover takes a second.
void Exchange::wait_a_moment() {
  const std::uint32_t doublings = std::min(pauses_++, 4U);
  Counters::add(client_.shared().counters.repetitions);
  wait(Step::pause, TimerWheel::in(std::chrono::milliseconds(10LL << doublings)));
}

/// A call in no queue ends at its deadline.
void Exchange::wait(Step kind, TimePoint until) {
  kind_ = kind;
  const Deadline limit(std::min(until, deadline_.at()), deadline_.stop_token());
  step_.emplace(client_.loop(), std::string_view(), 0, false, limit);
}

void Exchange::send_to(Link& link) {
  kind_ = Step::command;
  if (client_.is_cluster()) asked_host_ = link.server().host();
  const bool asks = std::exchange(ask_, false);
  if (asks) {
    asking_.clear();
    Command("ASKING").append_to(asking_);
    asking_ += std::string_view(bytes_).substr(first_bytes_);  // ASKING is for one command
  }
  next_server_.reset();
  const bool has_two_replies = asks || first_bytes_ != 0;
  step_.emplace(client_.loop(), asks ? asking_ : bytes_, has_two_replies ? 2 : 1, writes_,
                deadline_);
  link.submit(*step_);
}

void Exchange::conclude() {
  if (kind_ == Step::command) return conclude_command();
  const auto& error = step_->error();
  const bool is_cancelled = error && error->kind == ErrorKind::cancelled;
  if (is_cancelled) return give_up(*error);
  const bool is_over = deadline_.passed(TimerWheel::now());
  if (is_over) give_up(RedisError(last_));
}

void Exchange::conclude_command() {
  if (const auto& error = step_->error()) {
    // Of a single server no other master will be found.
    const bool is_final = error->may_have_run || client_.has_one_server();
    return is_final ? give_up(*error) : repeat_or_give_up(*error);
  }
  Reply& reply = step_->replies().back();  // behind that to ASKING or to the command in front
  if (!reply.is_error()) {
    const bool has_first = first_bytes_ != 0 && step_->bytes().data() == bytes_.data();
    if (has_first) first_reply_ = std::move(step_->replies().front());
    result_ = std::move(reply);
    return;
  }
  const ErrorKind kind = error_kind(reply.text());
  if (facts_of(kind).remedy == Remedy::redirect) return redirect(reply, kind);
  // A script may have done something before its error.
  repeat_or_give_up(RedisError(kind, kind == ErrorKind::error));
}

void Exchange::redirect(const Reply& refusal, ErrorKind kind) {
  Counters::add(client_.shared().counters.redirections);
  next_server_ = server_in(refusal.text(), asked_host_, client_.map());
  if (kind == ErrorKind::moved || !next_server_) client_.ask_again();
  if (++redirections_ > kMostRedirections) return give_up(RedisError(kind));
  ask_ = next_server_ && kind == ErrorKind::ask;
  pauses_next_ = !next_server_;
  last_ = kind;
}

void Exchange::repeat_or_give_up(const RedisError& error) {
  const Remedy remedy = facts_of(error.kind).remedy;
  const bool may_help = remedy == Remedy::drop_and_retry || remedy == Remedy::pause_and_retry;
  if (!may_help || deadline_.passed(TimerWheel::now())) return give_up(error);
  client_.ask_again();
  last_ = error.kind;
  pauses_next_ = true;
}

void Exchange::give_up(const RedisError& error) {
  Counters& counters = client_.shared().counters;
  Counters::add(counters.failures);
  if (error.kind == ErrorKind::timeout) Counters::add(counters.timeouts);
  result_ = tl::unexpected<RedisError>(error);
  client_.shared().report(EventKind::redis_failed, to_string(error.kind));
}

RedisResult<Reply> Exchange::take() {
  return *std::move(result_);
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
