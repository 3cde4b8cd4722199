#pragma once

/// \file
/// The kind of an error that a Redis server answers with. Internal.

#include <array>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The beginning of an error line, and its kind.
struct RedisErrorKind {
  std::string_view beginning;
  std::string_view kind;
};

/// As the servers from 2.8 to 8.0 word them.
inline constexpr std::array<RedisErrorKind, 16> kRedisErrorKinds = {{
    {"NOAUTH", "auth_required"},
    {"WRONGPASS", "auth_failed"},
    {"ERR invalid password", "auth_failed"},          // before 6.0
    {"ERR Client sent AUTH, but no", "auth_failed"},  // before 6.0, a server without a password
    {"ERR AUTH <password> called without", "auth_failed"},
    {"NOPERM", "no_permission"},
    {"DENIED", "no_permission"},  // protected mode
    {"LOADING", "loading"},
    {"BUSY", "busy"},
    {"READONLY", "read_only"},
    {"CLUSTERDOWN", "cluster_down"},
    {"MASTERDOWN", "master_down"},
    {"ERR max number of clients", "too_many_clients"},
    {"MISCONF", "disk_error"},
    {"OOM", "out_of_memory"},
    {"ERR DB index is out of range", "no_such_database"},
}};

/// The word for a status page: the server's own text may contain anything.
/// \return "error" for an error of another kind
constexpr std::string_view redis_error_kind(std::string_view text) noexcept {
  for (const RedisErrorKind& known : kRedisErrorKinds) {
    if (text.starts_with(known.beginning)) return known.kind;
  }
  return "error";
}

}  // namespace v0
}  // namespace vx11
