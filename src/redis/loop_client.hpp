#pragma once

/// \file
/// What a client has on one event loop. Internal.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/directory.hpp"
#include "redis/discovery.hpp"
#include "redis/link.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// The links of one client on one loop, and the calls that wait until servers are known. On its
/// loop's thread only.
class LoopClient final : private MapListener, private CallQueue {
 public:
  /// \param discovery null with a single server; not kept alive
  LoopClient(net_detail::Loop& loop, std::shared_ptr<Directory> directory,
             std::weak_ptr<Discovery> discovery);
  LoopClient(const LoopClient&) = delete;
  LoopClient& operator=(const LoopClient&) = delete;
  ~LoopClient();

  net_detail::Loop& loop() const noexcept { return loop_; }
  Shared& shared() const noexcept { return directory_->shared(); }
  /// Null: no server is known for it.
  Link* link_for(std::string_view key);
  Link& link_to(const Url& server);
  /// Ends `call` without a reply when the map changes.
  void wait_for_map(Call& call);
  /// Whether there is no map, nor any hope of one soon.
  std::optional<ErrorKind> map_failure() const;
  bool has_one_server() const noexcept { return shared().url.topology == Topology::single; }
  bool is_cluster() const noexcept { return shared().url.topology == Topology::cluster; }
  /// Null: nothing is known yet.
  const ServerMap* map() const noexcept { return map_.get(); }
  bool knows_map() const noexcept { return map_ != nullptr; }
  /// The map may be out of date.
  void ask_again() const;

 private:
  /// Outlives its owner if it is queued when that ends.
  struct ChangeJob;

  void map_changed() noexcept override;
  void apply_map();
  void resume_waiting();
  void refresh();
  template <class IsDropped>
  void drop_links(IsDropped is_dropped, ErrorKind why);
  void forget(Call& call) noexcept override;

  net_detail::Loop& loop_;
  const std::shared_ptr<Directory> directory_;
  const std::weak_ptr<Discovery> discovery_;
  std::shared_ptr<const ServerMap> map_ = nullptr;
  std::uint64_t version_ = 0;
  std::map<std::string, std::unique_ptr<Link>, std::less<>> links_ = {};
  std::vector<Link*> by_index_ = {};  ///< Of the map's masters; null: not looked up yet.
  std::deque<Call*> waiting_ = {};
  std::shared_ptr<ChangeJob> change_job_;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
