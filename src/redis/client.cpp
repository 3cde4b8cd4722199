#include "redis/client.hpp"

#include <vx11/detail/mistakes.hpp>

#include <chrono>
#include <utility>

#include "redis/exchange.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::Loop;
using net_detail::ResumeOn;

namespace {

Command evaluation(std::string_view how, std::string_view what, const Script& script,
                   const std::vector<std::string>& keys,
                   const std::vector<std::string>& arguments) {
  Command command(how);
  std::size_t bytes = what.size() + 1;
  for (const std::string& key : keys) bytes += key.size();
  for (const std::string& argument : arguments) bytes += argument.size();
  command.reserve(keys.size() + arguments.size() + 2, bytes);
  command.add(what).add(keys.size());
  for (const std::string& key : keys) command.add(key);
  for (const std::string& argument : arguments) command.add(argument);
  return script.writes() ? std::move(command.writing()) : std::move(command);
}

}  // namespace

Task<RedisResult<Reply>> run(RedisClient& client, std::string key, Command command,
                             Deadline deadline, Reply* first) {
  Loop* const loop = client.internal().loop_here();
  if (loop == nullptr) co_return failed(ErrorKind::exhausted);
  ResumeOn on_loop(*loop);
  co_await on_loop;
  Exchange exchange(client.internal().on(*loop), key, command, deadline);
  while (exchange.begin_step()) {
    Call& step = exchange.step();
    co_await step;
  }
  if (first != nullptr) *first = exchange.take_first();
  co_return exchange.take();
}

Task<RedisResult<Reply>> run_script(RedisClient& client, const Script& script,
                                    std::vector<std::string> keys,
                                    std::vector<std::string> arguments, Deadline deadline) {
  Command by_digest = evaluation("EVALSHA", script.sha1(), script, keys, arguments);
  Task<RedisResult<Reply>> first = run(client, keys.front(), std::move(by_digest), deadline);
  RedisResult<Reply> reply = co_await std::move(first);
  const bool is_unknown = !reply && reply.error().kind == ErrorKind::no_script;
  if (!is_unknown) co_return reply;
  Command in_full = evaluation("EVAL", script.source(), script, keys, arguments);
  Task<RedisResult<Reply>> second =
      run(client, std::move(keys.front()), std::move(in_full), deadline);
  co_return co_await std::move(second);
}

Client::Client(std::shared_ptr<Shared> shared)
    : owner_(Loop::new_owner()),
      directory_(std::make_shared<Directory>(std::move(shared))),
      discovery_(make_discovery(background_, directory_)) {}

Client::~Client() {
  directory_->close();
  if (discovery_) discovery_->close();
}

Loop* Client::loop_here() noexcept {
  Loop* const here = Loop::current();
  return here != nullptr ? here : background_.loop();
}

LoopClient& Client::on(Loop& loop) {
  return loop.local<LoopClient>(owner_, loop, directory_, discovery_);
}

/// A master that was tried and has no connection is lost, on all loops.
std::string Client::why_unusable(const std::vector<RedisNode>& nodes) const {
  if (const auto why = directory_->failure()) return std::string(to_string(*why));
  const auto map = directory_->map();
  for (const RedisNode& node : nodes) {
    const bool is_lost = node.connections == 0 && !node.last_error.empty();
    if (is_lost && map && map->has(node.address)) return node.last_error;
  }
  return {};
}

RedisStatus Client::status() const {
  const Shared& shared = directory_->shared();
  const Counters& counters = shared.counters;
  RedisStatus status;
  status.topology = to_string(shared.url.topology);
  status.nodes = shared.board.nodes();
  status.reason = why_unusable(status.nodes);
  status.usable = status.reason.empty();
  RedisCounters& copy = status.counters;
  copy.commands = counters.commands;
  copy.failures = counters.failures;
  copy.timeouts = counters.timeouts;
  copy.sends = counters.sends;
  copy.connections = counters.connections;
  copy.disconnections = counters.disconnections;
  copy.redirections = counters.redirections;
  copy.repetitions = counters.repetitions;
  copy.failovers = counters.failovers;
  return status;
}

}  // namespace redis

RedisClient::RedisClient(std::unique_ptr<redis::Client> client) noexcept
    : client_(std::move(client)) {}

RedisClient::~RedisClient() = default;

RedisStatus RedisClient::status() const {
  return client_->status();
}

namespace {

Result<void> check(const RedisOptions& options) {
  detail::Mistakes mistakes;
  const Duration least = std::chrono::milliseconds(1);
  mistakes.require(options.connect_timeout >= least, "connect_timeout", "at least 1 ms");
  mistakes.require(options.command_timeout >= least, "command_timeout", "at least 1 ms");
  mistakes.require(options.wait_replicas == 0 || options.wait_timeout < options.command_timeout,
                   "wait_timeout", "less than command_timeout");
  mistakes.require(options.max_pending != 0, "max_pending", "at least 1");
  mistakes.require(options.max_reply_bytes >= 1024, "max_reply_bytes", "at least 1024");
  mistakes.require(options.reconnect_cap >= least, "reconnect_cap", "at least 1 ms");
  mistakes.require(options.idle_check >= least, "idle_check", "at least 1 ms");
  const bool has_space = options.client_name.find_first_of(" \t\r\n") != std::string::npos;
  mistakes.require(!has_space, "client_name", "without spaces");
  return std::move(mistakes).result();
}

}  // namespace

Result<std::shared_ptr<RedisClient>> make_redis_client(RedisOptions options) {
  auto url = redis::parse_servers_url(options.url);
  if (!url) return fail(std::move(url.error()));
  if (auto checked = check(options); !checked) return fail(std::move(checked.error()));
  auto shared = std::make_shared<redis::Shared>(std::move(options), *std::move(url));
  if (shared->url.tls) {
    if (auto context = shared->tls.context(); !context) return fail(std::move(context.error()));
  }
  return std::make_shared<RedisClient>(std::make_unique<redis::Client>(std::move(shared)));
}

}  // namespace v0
}  // namespace vx11
