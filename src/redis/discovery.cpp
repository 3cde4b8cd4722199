#include "redis/discovery.hpp"

#include <vx11/detail/split_mix.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "redis/cluster_discovery.hpp"
#include "redis/sentinel_discovery.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::BackgroundLoop;
using net_detail::Loop;
using net_detail::TimerWheel;

namespace {

/// Between two questions, whatever happens.
constexpr Duration kLeastPause = std::chrono::milliseconds(50);
/// A question without a cause, in case a report has been missed.
constexpr Duration kLongestPause = std::chrono::seconds(10);

/// From a quarter to half a second: clients that have lost their servers together do not ask
/// together.
Duration spread_pause() {
  return std::chrono::milliseconds(250 + static_cast<int>(detail::spread() * 250));
}

}  // namespace

Discovery::Discovery(BackgroundLoop& background, std::shared_ptr<Directory> directory)
    : directory_(std::move(directory)), background_(&background) {}

Discovery::~Discovery() = default;

void Discovery::ask_again() noexcept {
  const std::lock_guard lock(mutex_);
  if (background_ == nullptr || is_queued_) return;
  Loop* const loop = background_->loop();
  if (loop == nullptr) return;
  is_started_ = is_queued_ = true;
  asked_job_.keep(shared_from_this());
  loop->post(asked_job_);
}

void Discovery::close() noexcept {
  bool is_started = false;
  {
    const std::lock_guard lock(mutex_);
    is_started = is_started_;
  }
  if (is_started) ask_again();  // to be seen by `run`
  const std::lock_guard lock(mutex_);
  background_ = nullptr;
}

void Discovery::asked() {
  {
    const std::lock_guard lock(mutex_);
    is_queued_ = false;
  }
  loop_ = Loop::current();
  if (loop_ == nullptr || is_over()) {
    if (is_running_) wake();
    return;
  }
  is_wanted_ = true;
  if (is_running_) return wake();
  is_running_ = true;
  run_detached(shared_from_this(), run());
}

void Discovery::wake() {
  if (sleep_ && !sleep_->is_done()) sleep_->succeed();
}

Task<void> Discovery::run() {
  while (!is_over()) {
    is_wanted_ = false;
    Task<std::optional<ErrorKind>> asking = ask_all();
    const std::optional<ErrorKind> failure = co_await std::move(asking);
    if (is_over()) break;
    if (failure) directory_->publish_failure(*failure);
    Pause pause(*loop_, saturated_add(TimerWheel::now(), failure ? spread_pause() : kLeastPause));
    co_await pause;
    if (is_over()) break;
    if (is_wanted_) continue;
    sleep_.emplace(*loop_, std::string_view(), 0, false, Deadline(TimerWheel::in(kLongestPause)));
    Call& sleep = *sleep_;
    co_await sleep;
    sleep_.reset();
  }
  end();
  for (const auto& link : links_) link.second->close(ErrorKind::cancelled);
  is_running_ = false;
}

Task<RedisResult<Reply>> Discovery::ask(Url server, Command command) {
  std::unique_ptr<Link>& kept = links_[address_of(server)];
  if (!kept) {
    kept =
        std::make_unique<Link>(*loop_, directory_->shared_pointer(), server, greeting(), nullptr);
  }
  std::string bytes;
  command.append_to(bytes);
  const Duration limit = directory_->shared().options.connect_timeout;
  Call call(*loop_, bytes, 1, false, Deadline(TimerWheel::in(limit)));
  Link& link = *kept;
  link.submit(call);
  co_await call;
  if (call.error()) co_return tl::unexpected<RedisError>(*call.error());
  Reply reply = std::move(call.replies().front());
  if (reply.is_error()) co_return failed(error_kind(reply.text()));
  co_return reply;
}

/// Such a link would refuse the next question until its pause is over.
void Discovery::end_link(const Url& server) {
  const auto found = links_.find(address_of(server));
  if (found == links_.end()) return;
  const std::unique_ptr<Link> link = std::move(found->second);
  links_.erase(found);
  link->close(ErrorKind::cancelled);
}

std::shared_ptr<Discovery> make_discovery(BackgroundLoop& background,
                                          std::shared_ptr<Directory> directory) {
  switch (directory->shared().url.topology) {
    case Topology::single:
      return nullptr;
    case Topology::sentinel:
      return std::make_shared<SentinelDiscovery>(background, std::move(directory));
    case Topology::cluster:
      return std::make_shared<ClusterDiscovery>(background, std::move(directory));
  }
  return nullptr;
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
