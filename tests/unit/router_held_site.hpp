#pragma once

/// \file
/// switch and madre that answer when a test says so, and chats whose callers can leave.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_upstreams.hpp"

namespace router_upstreams {

using vx11::Duration;

using Asked = vx11::Result<vx11::ChatReply, vx11::ChatFailure>;

/// switch and madre that answer when the test says so.
struct Site {
  Site() = default;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() {
    switch_->end_all();
    madre->end_all();
  }

  ManualTime time = {};
  std::shared_ptr<HeldUpstream> switch_ = std::make_shared<HeldUpstream>();
  std::shared_ptr<HeldUpstream> madre = std::make_shared<HeldUpstream>();

  RouterOptions options() const {
    return {.targets = {{.name = "switch", .url = "http://switch:8002", .transport = switch_},
                        {.name = "madre", .url = "http://madre:8001", .transport = madre}},
            .timer = time.timer,
            .clock = time.clock};
  }
  Router router() const { return Router::create(options()).value(); }

  /// Second by second, so that limits end calls when they should.
  void advance(Duration by) {
    for (; by > 0s; by -= 1s) {
      time.timer->advance(std::min<Duration>(by, 1s));
      switch_->expire(time.clock.now());
      madre->expire(time.clock.now());
    }
  }
};

/// A chat whose caller can leave.
struct Chat {
  explicit Chat(const Router& router, vx11::TimePoint until = vx11::TimePoint::max())
      : asking(router.async_ask(chat(), Deadline(until, left.get_token()))) {}
  void leave() { left.request_stop(); }

  std::stop_source left = {};
  Started<Asked> asking;
};

inline vx11::CircuitSnapshot breaker_of(const Router& router, std::string_view name) {
  return router.breaker(name)->snapshot();
}

}  // namespace router_upstreams
