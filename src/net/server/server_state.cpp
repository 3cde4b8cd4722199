#include "net/server/server_state.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

bool ConnectionCounts::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (total_ >= limits_.connections) return false;
  std::size_t& from_there = by_address_[address];
  if (from_there >= limits_.connections_per_address) return false;
  ++from_there;
  ++total_;
  return true;
}

void ConnectionCounts::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  --total_;
  const auto counted = by_address_.find(address);
  if (--counted->second == 0) by_address_.erase(counted);
}

std::size_t ConnectionCounts::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

ServerState::ServerState(const HttpHandler& server_handler, const ServerLimits& server_limits)
    : handler(server_handler), limits(server_limits), connections(server_limits) {
  request_limits.head_bytes = limits.head_bytes;
  request_limits.header_count = limits.header_count;
  request_limits.target_bytes = limits.target_bytes;
}

std::unique_ptr<RequestScratch> LoopState::lend() {
  if (spare_.empty()) return std::make_unique<RequestScratch>(server_.request_limits);
  std::unique_ptr<RequestScratch> scratch = std::move(spare_.back());
  spare_.pop_back();
  return scratch;
}

void LoopState::give_back(std::unique_ptr<RequestScratch> scratch) {
  constexpr std::size_t kKeep = 512;           // reused memory; at most some 2 MiB a loop
  constexpr std::size_t kLargest = 64 * 1024;  // larger buffers are freed
  if (spare_.size() >= kKeep || scratch->out.capacity() > kLargest ||
      scratch->reader.request().body.capacity() > kLargest) {
    return;
  }
  scratch->out.clear();
  scratch->reader.reset();
  spare_.push_back(std::move(scratch));
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
