#pragma once

/// \file
/// A granted claim on an idempotency key, and the stream that is recorded under it. Internal.

#include <vx11/idempotency_store.hpp>
#include <vx11/streaming.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// Releases its key unless an answer was kept.
class GrantedKey {
 public:
  GrantedKey(std::shared_ptr<IdempotencyStore> store, const IdempotencyId& id,
             std::uint64_t ticket) noexcept
      : store_(std::move(store)), id_(id), ticket_(ticket) {}
  GrantedKey(GrantedKey&&) noexcept = default;
  GrantedKey& operator=(GrantedKey&&) = delete;
  ~GrantedKey() { release(); }

  Task<void> keep(HttpResponse answer) {
    const std::shared_ptr<IdempotencyStore> store = std::exchange(store_, nullptr);
    return store->keep(id_, ticket_, std::move(answer));
  }
  void release() noexcept {
    if (store_ != nullptr) std::exchange(store_, nullptr)->release(id_, ticket_);
  }

 private:
  std::shared_ptr<IdempotencyStore> store_;  ///< Null once kept or released.
  IdempotencyId id_;
  std::uint64_t ticket_;
};

/// Forwards a stream, and keeps it as one answer once it is complete.
class RecordedStream final : public BodyStream {
 public:
  RecordedStream(GrantedKey key, HttpResponse head, std::unique_ptr<BodyStream> body,
                 std::size_t max_bytes)
      : key_(std::move(key)),
        answer_(std::move(head)),
        body_(std::move(body)),
        max_bytes_(max_bytes) {}

  Task<Result<std::string>> next(Deadline deadline) override;
  bool ended() const noexcept override { return body_->ended(); }
  bool failed() const noexcept override { return body_->failed(); }
  bool cut_short() noexcept override { return body_->cut_short(); }

 private:
  void record(std::string_view piece);

  GrantedKey key_;
  HttpResponse answer_;  ///< The head, and the body so far.
  std::unique_ptr<BodyStream> body_;
  std::size_t max_bytes_;
  bool is_recorded_ = true;
};

}  // namespace requests
}  // namespace v0
}  // namespace vx11
