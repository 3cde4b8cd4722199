#include <vx11/detail/mistakes.hpp>
#include <vx11/idempotency_store.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <utility>
#include <vector>

#include "random/keyed_hash.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Kind = IdempotencyClaim::Kind;

/// Wakes one request that waits: its sleep on the timer ends.
using Waker = std::stop_source;

struct DigestHash {
  std::size_t operator()(const Sha256& digest) const {
    std::uint64_t hash = 0;  // a client can choose it by trying keys
    std::memcpy(&hash, digest.data(), sizeof hash);
    return random::KeyedHash::of_pair(hash, 0);
  }
};

struct Entry {
  Sha256 content = {};
  std::uint64_t ticket = 0;
  std::shared_ptr<const HttpResponse> answer = {};  ///< Null while the request is in progress.
  std::size_t bytes = 0;
  TimePoint expires = {};
  std::list<Sha256>::iterator used = {};  ///< Valid with an answer.
  std::vector<Waker> waiting = {};        ///< Without an answer.
};

std::size_t size_of(const HttpResponse& answer) {
  std::size_t bytes = sizeof(Entry) + sizeof(HttpResponse) + answer.body.size();
  for (const Header field : answer.headers) bytes += field.name.size() + field.value.size() + 10;
  return bytes;
}

/// Wakers are called without the lock: they may resume requests on this thread.
void wake_all(std::vector<Waker>& waiting) {
  for (Waker& waker : waiting) waker.request_stop();
}

class MemoryStore final : public IdempotencyStore {
 public:
  explicit MemoryStore(MemoryIdempotencyOptions options) : options_(std::move(options)) {}

  Task<IdempotencyClaim> claim(IdempotencyId id, Deadline until) override {
    IdempotencyClaim found = look(id, nullptr);
    if (found.kind != Kind::busy || options_.timer == nullptr) return found;
    return wait(std::move(id), std::move(until));
  }

  Task<void> keep(IdempotencyId id, std::uint64_t ticket, HttpResponse answer) override {
    const std::size_t bytes = size_of(answer);
    if (bytes > options_.limits.answer_bytes) {
      release(id, ticket);
      co_return;
    }
    try {
      auto kept = std::make_shared<const HttpResponse>(std::move(answer));
      std::vector<Waker> waiting = put(id, ticket, std::move(kept), bytes);
      wake_all(waiting);
    } catch (...) {  // out of memory: the next request with the key may try
      release(id, ticket);
      throw;
    }
  }

  void release(const IdempotencyId& id, std::uint64_t ticket) noexcept override {
    std::vector<Waker> waiting;
    {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.find(id.key);
      if (at == entries_.end() || at->second.ticket != ticket || at->second.answer) return;
      waiting = std::move(at->second.waiting);
      entries_.erase(at);
    }
    wake_all(waiting);
  }

 private:
  using Entries = std::unordered_map<Sha256, Entry, DigestHash>;

  /// \param waker called when the request in progress ends, if there is one; may be null
  IdempotencyClaim look(const IdempotencyId& id, const Waker* waker) {
    const std::lock_guard lock(mutex_);
    auto at = entries_.find(id.key);
    if (at != entries_.end() && is_expired(at->second)) {
      drop(at);
      at = entries_.end();
    }
    if (at == entries_.end()) return begin(id);
    Entry& entry = at->second;
    if (entry.content != id.content) return IdempotencyClaim(Kind::other_content);
    if (entry.answer) {
      by_use_.splice(by_use_.begin(), by_use_, entry.used);
      return IdempotencyClaim(entry.answer);
    }
    if (waker != nullptr) entry.waiting.push_back(*waker);
    return IdempotencyClaim(Kind::busy);
  }

  IdempotencyClaim begin(const IdempotencyId& id) {
    Entry entry;
    entry.content = id.content;
    entry.ticket = ++tickets_;
    entries_.emplace(id.key, std::move(entry));
    return IdempotencyClaim(Kind::granted, tickets_);
  }

  /// The waker is registered before the sleep begins: an end in between stops the sleep at once.
  Task<IdempotencyClaim> wait(IdempotencyId id, Deadline until) {
    for (bool may_sleep = true;;) {
      if (until.cancelled()) co_return IdempotencyClaim(Kind::busy);
      Waker waker;
      IdempotencyClaim found = look(id, &waker);
      if (found.kind != Kind::busy) co_return found;
      const Duration left = until.remaining(options_.clock.now());
      if (!may_sleep || left <= Duration::zero()) {
        forget(id, waker);
        co_return found;
      }
      const auto leave = [&waker] {
        Waker kept = waker;  // its owner may be resumed, and gone, before the call returns
        kept.request_stop();
      };
      const std::stop_callback on_cancel(until.stop_token(), leave);
      Task<bool> sleeping = options_.timer->sleep(left, waker.get_token());
      const bool overslept = co_await std::move(sleeping);
      may_sleep = !overslept;
      forget(id, waker);
    }
  }

  /// A request that waits no longer.
  void forget(const IdempotencyId& id, const Waker& waker) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(id.key);
    if (at != entries_.end()) std::erase(at->second.waiting, waker);
  }

  std::vector<Waker> put(const IdempotencyId& id, std::uint64_t ticket,
                         std::shared_ptr<const HttpResponse> answer, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(id.key);
    if (at == entries_.end() || at->second.ticket != ticket || at->second.answer) return {};
    Entry& entry = at->second;
    by_use_.push_front(id.key);
    entry.used = by_use_.begin();
    entry.answer = std::move(answer);
    entry.bytes = bytes;
    entry.expires = saturated_add(options_.clock.now(), options_.limits.lifetime);
    bytes_ += bytes;
    std::vector<Waker> waiting = std::move(entry.waiting);
    entry.waiting.clear();
    make_room();
    return waiting;
  }

  /// Drops what is too much, and what has expired unless something older was used since.
  void make_room() {
    while (!by_use_.empty()) {
      const auto last = entries_.find(by_use_.back());
      const bool fits =
          by_use_.size() <= options_.limits.answers && bytes_ <= options_.limits.bytes;
      if (fits && !is_expired(last->second)) return;
      drop(last);
    }
  }

  bool is_expired(const Entry& entry) const {
    return entry.answer && options_.clock.now() >= entry.expires;
  }

  void drop(Entries::iterator at) {
    bytes_ -= at->second.bytes;
    by_use_.erase(at->second.used);
    entries_.erase(at);
  }

  const MemoryIdempotencyOptions options_;
  std::mutex mutex_;
  Entries entries_;
  std::list<Sha256> by_use_;  ///< Keys of the answers, those used last at the front.
  std::size_t bytes_ = 0;     ///< Of the answers.
  std::uint64_t tickets_ = 0;
};

}  // namespace

Result<std::shared_ptr<IdempotencyStore>> make_memory_idempotency_store(
    MemoryIdempotencyOptions options) {
  detail::Mistakes mistakes;
  const IdempotencyLimits& limits = options.limits;
  mistakes.add_if(limits.answers == 0, "limits.answers is zero");
  mistakes.add_if(limits.bytes == 0, "limits.bytes is zero");
  mistakes.add_if(limits.answer_bytes == 0, "limits.answer_bytes is zero");
  mistakes.add_if(limits.lifetime <= Duration::zero(), "limits.lifetime must be above zero");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<MemoryStore>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
