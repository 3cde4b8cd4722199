#pragma once

/// \file
/// Calls of a `SessionStore` that must succeed.

#include <vx11/session_store.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace session_store_suite_parts {

using namespace std::chrono_literals;
using vx11::Message;
using vx11::Session;
using vx11::SessionLimits;
using vx11::SessionStore;
using vx11::Turn;
using vx11::testing::ManualClock;

using MakeStore =
    std::function<std::shared_ptr<SessionStore>(const SessionLimits&, const ManualClock&)>;

/// What a store does not do, or not in the same steps.
struct SuiteScope {
  /// Whether it enforces `sessions`, `total_bytes` and the limits of a principal.
  bool bounds_all = true;
  /// The shortest idle time that it can keep.
  vx11::Duration shortest_idle = 1ms;
};

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

inline Turn turn(const std::string& text) {
  return {{"user", "ask " + text}, {"assistant", "answer " + text}};
}

inline void append(SessionStore& store, std::string id, Turn said, std::string user = "local") {
  REQUIRE(vx11::sync_wait(store.append(std::move(id), std::move(user), std::move(said))));
}

inline std::vector<Message> recent(SessionStore& store, std::string id, std::size_t count = kAll) {
  auto messages = vx11::sync_wait(store.recent(std::move(id), count));
  REQUIRE(messages);
  return *std::move(messages);
}

inline std::optional<Session> find(SessionStore& store, std::string id) {
  auto session = vx11::sync_wait(store.find(std::move(id)));
  REQUIRE(session);
  return *std::move(session);
}

inline std::vector<std::string> contents(const std::vector<Message>& messages) {
  std::vector<std::string> all;
  for (const Message& message : messages) all.push_back(message.content);
  return all;
}

using Contents = std::vector<std::string>;

inline std::string owned(const std::string& principal, std::string id) {
  return vx11::session_key(&principal, std::move(id));
}

inline bool erase(SessionStore& store, std::string id) {
  const auto erased = vx11::sync_wait(store.erase(std::move(id)));
  REQUIRE(erased);
  return *erased;
}

}  // namespace session_store_suite_parts
