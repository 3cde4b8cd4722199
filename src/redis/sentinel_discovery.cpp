#include "redis/sentinel_discovery.hpp"

#include <charconv>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::TimerWheel;

Greeting SentinelDiscovery::greeting() const {
  const RedisOptions& options = directory().shared().options;
  Credentials who;
  who.user = options.sentinel_user;
  if (!options.sentinel_password.empty()) who.password = options.sentinel_password;
  return Greeting(std::move(who), std::nullopt, false, true);
}

void SentinelDiscovery::end() noexcept {
  if (listening_) std::exchange(listening_, nullptr)->close(ErrorKind::cancelled);
}

Task<std::optional<ErrorKind>> SentinelDiscovery::ask_all() {
  ErrorKind why = ErrorKind::unreachable;
  const std::size_t count = url().servers.size();
  for (std::size_t i = 0; i < count && !is_over(); ++i) {
    const std::size_t index = (first_ + i) % count;
    Task<std::optional<ErrorKind>> asking = ask_one(url().servers[index]);
    const std::optional<ErrorKind> failure = co_await std::move(asking);
    if (!failure) {
      first_ = index;
      co_return std::nullopt;
    }
    if (why != ErrorKind::no_master) why = *failure;
  }
  co_return why;
}

/// It asks once more after it has begun to listen, so that nothing is missed in between.
Task<std::optional<ErrorKind>> SentinelDiscovery::ask_one(Url sentinel) {
  for (;;) {
    Command question("SENTINEL");
    question.add("GET-MASTER-ADDR-BY-NAME").add(url().master);
    Task<RedisResult<Reply>> asking = ask(sentinel, std::move(question));
    const RedisResult<Reply> reply = co_await std::move(asking);
    if (!reply) {
      end_link(sentinel);
      co_return reply.error().kind;
    }
    if (!publish((*reply)[0].text(), (*reply)[1].text())) co_return ErrorKind::no_master;
    if (listening_at_ == address_of(sentinel)) co_return std::nullopt;
    Task<std::optional<ErrorKind>> listening = listen_at(sentinel);
    const std::optional<ErrorKind> failure = co_await std::move(listening);
    // A user without SUBSCRIBE asks now and then, and learns of a failover later.
    if (failure == ErrorKind::no_permission) co_return std::nullopt;
    if (failure) co_return failure;
  }
}

Task<std::optional<ErrorKind>> SentinelDiscovery::listen_at(Url sentinel) {
  const std::string address = address_of(sentinel);
  if (listening_) std::exchange(listening_, nullptr)->close(ErrorKind::cancelled);
  listening_at_.clear();
  const auto lost = [this](ErrorKind) {
    listening_at_.clear();
    ask_again();
  };
  listening_ =
      std::make_unique<Link>(loop(), directory().shared_pointer(), sentinel, greeting(), lost);
  listening_->expect_pushes([this](const Reply& message) { reported(message); });
  std::string bytes;
  Command("SUBSCRIBE").add("+switch-master").append_to(bytes);
  const Duration limit = directory().shared().options.connect_timeout;
  Call call(loop(), bytes, 1, false, Deadline(TimerWheel::in(limit)));
  listening_->submit(call);
  co_await call;
  if (call.error()) co_return call.error()->kind;
  const Reply& reply = call.replies().front();
  if (reply.is_error()) co_return error_kind(reply.text());
  listening_at_ = address;
  co_return std::nullopt;
}

/// The message is `name old-host old-port host port`.
void SentinelDiscovery::reported(const Reply& message) {
  std::string_view text = message[2].text();
  const std::string name = url().master + " ";
  if (!text.starts_with(name)) return;
  text.remove_prefix(name.size());
  const std::size_t last = text.rfind(' ');
  if (last == std::string_view::npos || last == 0) return;
  const std::size_t before = text.rfind(' ', last - 1);
  if (before == std::string_view::npos) return;
  publish(text.substr(before + 1, last - before - 1), text.substr(last + 1));
}

bool SentinelDiscovery::publish(std::string_view host, std::string_view port) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) return false;
  auto master = server_at(host, number);
  if (!master) return false;
  ServerMap map;
  map.masters.push_back(*std::move(master));
  directory().publish(std::move(map));
  return true;
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
