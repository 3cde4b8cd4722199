#include "redis/loop_client.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::Loop;

struct LoopClient::ChangeJob final : QueuedJob {
  explicit ChangeJob(LoopClient& owner) noexcept : client(&owner) {}
  void run() override {
    const std::shared_ptr<ChangeJob> kept = std::move(self);
    is_queued = false;
    if (client != nullptr) client->apply_map();
  }
  void drop() noexcept override { const std::shared_ptr<ChangeJob> kept = std::move(self); }

  LoopClient* client;                         ///< Null once that has ended.
  std::shared_ptr<ChangeJob> self = nullptr;  ///< While it is queued.
  std::atomic<bool> is_queued = false;
};

LoopClient::LoopClient(Loop& loop, std::shared_ptr<Directory> directory,
                       std::weak_ptr<Discovery> discovery)
    : loop_(loop),
      directory_(std::move(directory)),
      discovery_(std::move(discovery)),
      change_job_(std::make_shared<ChangeJob>(*this)) {
  directory_->add(*this);
  refresh();
}

LoopClient::~LoopClient() {
  directory_->remove(*this);
  change_job_->client = nullptr;
  drop_links([](const auto&) { return true; }, ErrorKind::cancelled);
  while (!waiting_.empty()) {
    Call* const call = waiting_.back();
    waiting_.pop_back();
    call->fail(ErrorKind::cancelled);
  }
}

/// On any thread, under the directory's lock.
void LoopClient::map_changed() noexcept {
  if (change_job_->is_queued.exchange(true)) return;
  change_job_->self = change_job_;
  loop_.post(*change_job_);
}

/// Behind Sentinels the calls on a connection to the old master fail: what it still acknowledges is
/// lost. A Cluster's node that is missing in the map may be new to the node that was asked, so a
/// connection with calls on it stays until the next change.
void LoopClient::apply_map() {
  refresh();
  if (directory_->closed()) {
    drop_links([](const auto&) { return true; }, ErrorKind::cancelled);
  } else if (map_) {
    const bool is_cluster = !map_->of_slot.empty();
    drop_links(
        [&](const auto& link) {
          return !map_->has(link.first) && (!is_cluster || link.second->is_idle());
        },
        ErrorKind::read_only);
  }
  resume_waiting();
}

/// A caller that is resumed may end others that wait, or wait again.
void LoopClient::resume_waiting() {
  for (std::size_t left = waiting_.size(); left != 0 && !waiting_.empty(); --left) {
    Call* const call = waiting_.front();
    waiting_.pop_front();
    call->succeed();
  }
}

/// Those who wait are resumed when the links are no longer found.
template <class IsDropped>
void LoopClient::drop_links(IsDropped is_dropped, ErrorKind why) {
  std::vector<std::unique_ptr<Link>> dropped;
  for (auto link = links_.begin(); link != links_.end();) {
    if (!is_dropped(*link)) {
      ++link;
      continue;
    }
    dropped.push_back(std::move(link->second));
    link = links_.erase(link);
  }
  by_index_.assign(by_index_.size(), nullptr);
  for (const auto& link : dropped) link->close(why);
}

void LoopClient::refresh() {
  version_ = directory_->version();
  map_ = directory_->map();
  by_index_.assign(map_ ? map_->masters.size() : 0, nullptr);
}

Link* LoopClient::link_for(std::string_view key) {
  if (version_ != directory_->version()) refresh();
  const std::optional<std::size_t> index = map_ ? map_->master_of(key) : std::nullopt;
  if (!index) return nullptr;
  Link*& link = by_index_[*index];
  if (link == nullptr) link = &link_to(map_->masters[*index]);
  return link;
}

Link& LoopClient::link_to(const Url& server) {
  std::unique_ptr<Link>& link = links_[address_of(server)];
  if (link) return *link;
  const ServersUrl& url = shared().url;
  const Greeting greeting(url.credentials, url.database, url.topology != Topology::cluster);
  std::function<void(ErrorKind)> trouble = nullptr;
  if (url.topology != Topology::single) trouble = [this](ErrorKind) { ask_again(); };
  link = std::make_unique<Link>(loop_, directory_->shared_pointer(), server, greeting,
                                std::move(trouble));
  return *link;
}

void LoopClient::ask_again() const {
  if (const auto discovery = discovery_.lock()) discovery->ask_again();
}

std::optional<ErrorKind> LoopClient::map_failure() const {
  return directory_->failure();
}

void LoopClient::wait_for_map(Call& call) {
  call.wait_in(*this);
  waiting_.push_back(&call);
}

void LoopClient::forget(Call& call) noexcept {
  std::erase(waiting_, &call);
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
