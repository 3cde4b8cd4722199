#pragma once

/// \file
/// `IdempotencyStore`: where the answers to requests with an `Idempotency-Key` are kept.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>
#include <vx11/timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace vx11 {
inline namespace v0 {

/// A SHA-256.
using Sha256 = std::array<unsigned char, 32>;

/// What identifies a request that may be repeated. Digests, so that a store holds neither keys nor
/// names of clients, and its entries have one size.
struct IdempotencyId {
  IdempotencyId() = default;
  IdempotencyId(const Sha256& of_key, const Sha256& of_content) noexcept
      : key(of_key), content(of_content) {}

  Sha256 key = {};      ///< Of the client, the route and the client's key.
  Sha256 content = {};  ///< Of what the client asked for.
};

/// What a store knows of a request.
struct IdempotencyClaim {
  enum class Kind : unsigned char {
    granted,        ///< The caller answers: it calls `keep` or `release` with the ticket.
    answered,       ///< `answer` is the answer.
    other_content,  ///< The key belongs to a request with another content.
    busy,           ///< Another request with the key is in progress and did not end in time.
    failed,         ///< The store cannot be used.
  };

  IdempotencyClaim() = default;
  explicit IdempotencyClaim(Kind of, std::uint64_t with = 0) noexcept : kind(of), ticket(with) {}
  explicit IdempotencyClaim(std::shared_ptr<const HttpResponse> found) noexcept
      : kind(Kind::answered), answer(std::move(found)) {}

  Kind kind = Kind::failed;
  std::uint64_t ticket = 0;
  std::shared_ptr<const HttpResponse> answer = {};
};

/// Keeps one answer for each key, and lets only one request with a key be answered at a time.
///
/// Thread-safe. Tasks may suspend; the store outlives them. The store in memory
/// belongs to one process; implement this class over a shared database for several.
class VX11_API IdempotencyStore {
 public:
  IdempotencyStore() = default;
  IdempotencyStore(const IdempotencyStore&) = delete;
  IdempotencyStore& operator=(const IdempotencyStore&) = delete;
  virtual ~IdempotencyStore() = default;

  /// Looks `id` up. While another request with the key is in progress it waits, up to `until` or
  /// its stop token; if that request ends without an answer to keep, one of those that wait is
  /// granted the key.
  virtual Task<IdempotencyClaim> claim(IdempotencyId id, Deadline until) = 0;
  /// Keeps the answer of the holder of `ticket`. Nothing happens for another ticket.
  virtual Task<void> keep(IdempotencyId id, std::uint64_t ticket, HttpResponse answer) = 0;
  /// The holder of `ticket` has no answer to keep. Nothing happens for another ticket.
  virtual void release(const IdempotencyId& id, std::uint64_t ticket) noexcept = 0;
};

/// The bounds of a store in memory. Requests in progress do not count.
struct IdempotencyLimits {
  /// Answers. Above, those used least recently are dropped. A client repeats within seconds, so
  /// that many cover all but a flood.
  std::size_t answers = 10'000;
  /// Bytes of all answers together, with their header fields.
  std::size_t bytes = std::size_t{64} * 1024 * 1024;
  /// Of one answer; a longer one is not kept.
  std::size_t answer_bytes = std::size_t{1024} * 1024;
  /// How long an answer is kept: a day, as clients of payment APIs are used to.
  Duration lifetime = std::chrono::hours(24);
};

/// Configuration of the store in memory.
struct MemoryIdempotencyOptions {
  IdempotencyLimits limits = {};
  /// With it requests wait for the one in progress. Null: they are `busy` at once.
  std::shared_ptr<Timer> timer = {};
  SteadyClock clock = {};
};

/// A store in memory, which ends with the process.
/// \return `invalid_argument` for a limit of zero
VX11_API Result<std::shared_ptr<IdempotencyStore>> make_memory_idempotency_store(
    MemoryIdempotencyOptions options = {});

}  // namespace v0
}  // namespace vx11
