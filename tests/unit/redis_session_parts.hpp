#pragma once

/// \file
/// What the tests of sessions in Redis share.

#include <vx11/result.hpp>
#include <vx11/session_store.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "redis_session_site.hpp"
#include "session_store_suite.hpp"

namespace redis_session_parts {

/// Shared by all tests that leave the server sound.
inline RedisSessionSite& site() {
  static RedisSessionSite shared;
  shared.clock().set(vx11::WallTime(std::chrono::milliseconds(1'790'000'000'000)));
  return shared;
}

/// Of a store of its own for each test.
inline std::string fresh_prefix() {
  static int made = 0;
  return "t" + std::to_string(++made) + ":";
}

inline std::string append_failure(vx11::SessionStore& store, std::string id,
                                  vx11::Errc code = vx11::Errc::storage) {
  const auto done =
      vx11::sync_wait(store.append(std::move(id), "ana", session_store_suite_parts::turn("x")));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == code);
  return done.error().detail;
}
inline std::string read_failure(vx11::SessionStore& store, std::string id,
                                vx11::Errc code = vx11::Errc::storage) {
  const auto done = vx11::sync_wait(store.find(id));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == code);
  CHECK_FALSE(vx11::sync_wait(store.recent(id, 50)));
  CHECK_FALSE(vx11::sync_wait(store.summary(id, "why?")));
  return done.error().detail;
}

}  // namespace redis_session_parts
