#pragma once

/// \file
/// Sessions in Redis: shared by all gateways that use it.

#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/session_store.hpp>
#include <vx11/store/session_keys.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How a store keeps sessions in Redis.
struct RedisSessionStoreOptions {
  /// Of `limits`, those of one message and of one session and `idle_timeout` are enforced exactly.
  /// `sessions`, `total_bytes` and those of a principal are not: they would need counters that all
  /// sessions share, on one node of a cluster. Redis bounds the whole itself, by `maxmemory` with
  /// `maxmemory-policy volatile-lru`, which removes the least recently used sessions.
  /// `patience` is the longest that an operation waits for Redis, by the machine's clock, whatever
  /// `clock` is.
  SessionStoreOptions store = {};
  /// What keys begin with; `{`, the encoded id and `}` follow. Without `{` and `}`, which would
  /// hide the id from the hash slot of a cluster. Another prefix separates gateways that do not
  /// belong together in one database.
  std::string key_prefix = "vx11:s:";
  /// Empty, the default: what Redis holds is not encrypted.
  SessionKeys keys = {};
};

/// Creates a store of the sessions in Redis. Each session is one key, a list with a header and a
/// packed turn for each element, so an append writes the turn alone; it is one round trip, as is
/// a read.
///
/// A session expires by the server's clock, `idle_timeout` after its last use. What an append
/// acknowledges has been written by the server that holds the session; whether it survives the end
/// of that server is a matter of its persistence and of `RedisOptions::wait_replicas`. An append
/// that failed with a time-out may have been written nevertheless; a repetition of the same command
/// is stored once.
///
/// A value that is damaged, of another kind, sealed with an unknown key or written by a newer
/// version is an `invalid_reply` error that says so, and stays as it is; `erase` deletes it. It is
/// not `storage`, since the store works.
///
/// \return `invalid_argument` for a prefix with `{` or `}`, or without a client
VX11_API Result<std::shared_ptr<SessionStore>> make_redis_session_store(
    std::shared_ptr<RedisClient> client, RedisSessionStoreOptions options = {});

}  // namespace v0
}  // namespace vx11
