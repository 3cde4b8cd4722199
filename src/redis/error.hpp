#pragma once

/// \file
/// What Redis errors mean, and what is done about them. Internal.

#include <vx11/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

/// The kind of a failure: of a server's error line, or of the connection to it.
enum class ErrorKind : std::uint8_t {
  error,  ///< Any other error line.
  auth_required,
  auth_failed,
  no_permission,
  loading,
  busy,
  read_only,
  cluster_down,
  master_down,
  too_many_clients,
  disk_error,
  out_of_memory,
  no_such_database,
  no_replicas,
  exec_aborted,
  cross_slot,
  moved,
  ask,
  try_again,
  no_script,
  wrong_type,
  unknown_command,
  not_replicated,  ///< WAIT: fewer replicas than asked for have confirmed the write.
  wrong_role,      ///< Of a server, a Sentinel or a Cluster node: another than expected.
  no_master,       ///< No Sentinel knows a master, no node of a Cluster the slots.
  not_redis,
  too_large,
  unreachable,
  tls_failed,
  timeout,
  cancelled,
  overloaded,
  exhausted,
};

/// What a failed command and its connection have to do.
enum class Remedy : std::uint8_t {
  give_up,          ///< The command fails; the connection is sound.
  drop,             ///< The command fails, and the connection is of no use for some time.
  drop_and_retry,   ///< Not done there: the connection leads to a wrong server.
  pause_and_retry,  ///< Not done yet: the servers are being rearranged.
  redirect,         ///< Not done there: another server has the key.
};

struct KindFacts {
  ErrorKind kind;
  std::string_view word;  ///< For status pages and metrics.
  std::string_view text;  ///< For people.
  Remedy remedy;
};

inline constexpr std::array kKindFacts = {
    KindFacts{ErrorKind::error, "error", "redis refused the command", Remedy::give_up},
    KindFacts{ErrorKind::auth_required, "auth_required", "redis asks for a password", Remedy::drop},
    KindFacts{ErrorKind::auth_failed, "auth_failed", "redis refused the user or password",
              Remedy::drop},
    KindFacts{ErrorKind::no_permission, "no_permission",
              "redis does not permit the command to this user", Remedy::give_up},
    KindFacts{ErrorKind::loading, "loading", "redis is loading its data", Remedy::drop},
    KindFacts{ErrorKind::busy, "busy", "redis is busy with a script", Remedy::give_up},
    KindFacts{ErrorKind::read_only, "read_only", "redis is a replica", Remedy::drop_and_retry},
    KindFacts{ErrorKind::cluster_down, "cluster_down", "the redis cluster is down",
              Remedy::pause_and_retry},
    KindFacts{ErrorKind::master_down, "master_down", "redis has lost its master",
              Remedy::drop_and_retry},
    KindFacts{ErrorKind::too_many_clients, "too_many_clients", "redis takes no more clients",
              Remedy::drop},
    KindFacts{ErrorKind::disk_error, "disk_error", "redis cannot write its disk", Remedy::give_up},
    KindFacts{ErrorKind::out_of_memory, "out_of_memory", "redis is out of memory", Remedy::give_up},
    KindFacts{ErrorKind::no_such_database, "no_such_database",
              "redis has no database of that number", Remedy::drop},
    KindFacts{ErrorKind::no_replicas, "no_replicas", "redis has too few replicas for a write",
              Remedy::give_up},
    KindFacts{ErrorKind::exec_aborted, "exec_aborted", "redis aborted the transaction",
              Remedy::give_up},
    KindFacts{ErrorKind::cross_slot, "cross_slot", "the keys are in different redis slots",
              Remedy::give_up},
    KindFacts{ErrorKind::moved, "moved", "the redis slot has moved", Remedy::redirect},
    KindFacts{ErrorKind::ask, "ask", "the redis slot is moving", Remedy::redirect},
    KindFacts{ErrorKind::try_again, "try_again", "the redis slot is moving",
              Remedy::pause_and_retry},
    KindFacts{ErrorKind::no_script, "no_script", "redis does not have the script", Remedy::give_up},
    KindFacts{ErrorKind::wrong_type, "wrong_type", "the redis key has a value of another type",
              Remedy::give_up},
    KindFacts{ErrorKind::unknown_command, "unknown_command", "redis does not know the command",
              Remedy::give_up},
    KindFacts{ErrorKind::not_replicated, "not_replicated",
              "too few redis replicas have confirmed the write", Remedy::give_up},
    KindFacts{ErrorKind::wrong_role, "wrong_role",
              "the server is of another kind than the url says: server, Sentinel or Cluster node",
              Remedy::drop},
    KindFacts{ErrorKind::no_master, "no_master", "no redis master is known",
              Remedy::pause_and_retry},
    KindFacts{ErrorKind::not_redis, "not_redis", "the server does not speak the Redis protocol",
              Remedy::drop},
    KindFacts{ErrorKind::too_large, "too_large", "the reply of redis is too large", Remedy::drop},
    KindFacts{ErrorKind::unreachable, "unreachable", "the connection to redis failed",
              Remedy::drop},
    KindFacts{ErrorKind::tls_failed, "tls_failed", "the TLS handshake with redis failed",
              Remedy::drop},
    KindFacts{ErrorKind::timeout, "timeout", "redis did not answer in time", Remedy::drop},
    KindFacts{ErrorKind::cancelled, "cancelled", "the caller went away", Remedy::give_up},
    KindFacts{ErrorKind::overloaded, "overloaded", "too many commands wait for redis",
              Remedy::give_up},
    KindFacts{ErrorKind::exhausted, "exhausted",
              "no memory, thread or descriptor left for the call", Remedy::give_up},
};

constexpr const KindFacts& facts_of(ErrorKind kind) noexcept {
  return kKindFacts[static_cast<std::size_t>(kind)];
}
constexpr std::string_view to_string(ErrorKind kind) noexcept {
  return facts_of(kind).word;
}

/// The beginning of an error line, and its kind.
struct ErrorLine {
  std::string_view beginning;
  ErrorKind kind;
};

/// As the servers from 2.8 to 8.0 word them.
inline constexpr std::array<ErrorLine, 28> kErrorLines = {{
    {"MOVED ", ErrorKind::moved},
    {"ASK ", ErrorKind::ask},
    {"NOSCRIPT", ErrorKind::no_script},
    {"NOAUTH", ErrorKind::auth_required},
    {"WRONGPASS", ErrorKind::auth_failed},
    {"ERR invalid password", ErrorKind::auth_failed},          // before 6.0
    {"ERR Client sent AUTH, but no", ErrorKind::auth_failed},  // before 6.0, without a password
    {"ERR AUTH <password> called without", ErrorKind::auth_failed},
    {"NOPERM", ErrorKind::no_permission},
    {"DENIED", ErrorKind::no_permission},  // protected mode
    {"LOADING", ErrorKind::loading},
    {"BUSY", ErrorKind::busy},
    {"READONLY", ErrorKind::read_only},
    {"CLUSTERDOWN", ErrorKind::cluster_down},
    {"MASTERDOWN", ErrorKind::master_down},
    {"ERR max number of clients", ErrorKind::too_many_clients},
    {"MISCONF", ErrorKind::disk_error},
    {"OOM", ErrorKind::out_of_memory},
    {"ERR DB index is out of range", ErrorKind::no_such_database},
    {"NOREPLICAS", ErrorKind::no_replicas},
    {"EXECABORT", ErrorKind::exec_aborted},
    {"CROSSSLOT", ErrorKind::cross_slot},
    {"TRYAGAIN", ErrorKind::try_again},
    {"UNBLOCKED", ErrorKind::read_only},  // the master became a replica under a waiting command
    {"WRONGTYPE", ErrorKind::wrong_type},
    {"ERR unknown command", ErrorKind::unknown_command},
    {"ERR unknown subcommand", ErrorKind::unknown_command},
    {"ERR Unknown subcommand", ErrorKind::unknown_command},
}};

/// The server's own text may contain anything, so only its kind is passed on.
constexpr ErrorKind error_kind(std::string_view text) noexcept {
  for (const ErrorLine& known : kErrorLines) {
    if (text.starts_with(known.beginning)) return known.kind;
  }
  return ErrorKind::error;
}

constexpr Errc code_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::timeout:
      return Errc::timeout;
    case ErrorKind::cancelled:
      return Errc::cancelled;
    case ErrorKind::exhausted:
      return Errc::exhausted;
    default:
      return Errc::storage;
  }
}

/// An error with its kind. `code` is `storage`, `timeout`, `cancelled` or `exhausted`; `detail` is
/// safe to show.
struct RedisError : Error {
  RedisError() = default;
  /// \param sent whether the command may have been executed
  explicit RedisError(ErrorKind what, bool sent = false)
      : Error(code_of(what), std::string(facts_of(what).text), "redis"),
        kind(what),
        may_have_run(sent) {}

  ErrorKind kind = ErrorKind::error;
  bool may_have_run = false;
};

template <class T>
using RedisResult = Result<T, RedisError>;

inline tl::unexpected<RedisError> failed(ErrorKind kind, bool sent = false) {
  return tl::unexpected<RedisError>(RedisError(kind, sent));
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
