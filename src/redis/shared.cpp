#include "redis/shared.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using socket_detail::ResolverOptions;
using socket_detail::TlsContext;

void NodeBoard::connected(const std::string& address, std::string_view role) {
  const std::lock_guard lock(mutex_);
  RedisNode& node = by_address_[address];
  ++node.connections;
  node.role = role;
  node.last_error.clear();
}

void NodeBoard::disconnected(const std::string& address, ErrorKind why) {
  const std::lock_guard lock(mutex_);
  RedisNode& node = by_address_[address];
  if (node.connections != 0) --node.connections;
  node.last_error = to_string(why);
  drop_if_gone(address);
}

void NodeBoard::failed(const std::string& address, ErrorKind why) {
  const std::lock_guard lock(mutex_);
  by_address_[address].last_error = to_string(why);
}

void NodeBoard::closed(const std::string& address) {
  const std::lock_guard lock(mutex_);
  RedisNode& node = by_address_[address];
  if (node.connections != 0) --node.connections;
  drop_if_gone(address);
}

void NodeBoard::keep_only(std::set<std::string, std::less<>> addresses) {
  const std::lock_guard lock(mutex_);
  kept_ = std::move(addresses);
  std::erase_if(by_address_, [this](const auto& node) {
    return node.second.connections == 0 && !kept_.contains(node.first);
  });
}

void NodeBoard::drop_if_gone(const std::string& address) {
  const auto node = by_address_.find(address);
  if (kept_.empty() || kept_.contains(address) || node->second.connections != 0) return;
  by_address_.erase(node);
}

std::vector<RedisNode> NodeBoard::nodes() const {
  const std::lock_guard lock(mutex_);
  std::vector<RedisNode> all;
  for (const auto& [address, node] : by_address_) {
    all.push_back(node);
    all.back().address = address;
  }
  return all;
}

TlsSource::TlsSource(const RedisOptions& options)
    : ca_file_(options.ca_file),
      own_{.file = options.certificate_file, .key_file = options.key_file},
      watch_({options.ca_file, options.certificate_file, options.key_file}) {}

Result<TlsSource::Context> TlsSource::context() {
  const std::lock_guard lock(mutex_);
  if (context_) {
    (void)watch_.refresh([this] { return read(); });
  } else if (Result<void> done = read(); !done) {
    return fail(std::move(done.error()));
  }
  return context_;
}

Result<void> TlsSource::read() {
  watch_.begin();
  auto made = TlsContext::make(ca_file_, own_);
  if (!made) return fail(std::move(made.error()));
  context_ = *std::move(made);
  watch_.settle();
  return {};
}

Shared::Shared(RedisOptions wanted, ServersUrl parsed)
    : options(std::move(wanted)),
      url(std::move(parsed)),
      resolver(ResolverOptions{.look_up = options.look_up}),
      tls(options) {}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
