#include "requests/idempotency_claim.hpp"

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// The answer is kept before its end is sent: a client that has received it all can repeat its
/// request.
Task<Result<std::string>> RecordedStream::next(Deadline deadline) {
  Task<Result<std::string>> reading = body_->next(std::move(deadline));
  Result<std::string> piece = co_await std::move(reading);
  if (piece) record(*piece);
  const bool is_over = !piece || piece->empty() || body_->ended();
  if (!is_over || !is_recorded_) co_return std::move(piece);
  is_recorded_ = false;
  const bool is_good = piece.has_value() && !body_->failed();
  if (is_good) {
    Task<void> keeping = key_.keep(std::move(answer_));
    co_await std::move(keeping);
  } else {
    key_.release();
  }
  co_return std::move(piece);
}

/// Above the bound nothing will be kept, but the key stays granted: the stream is in progress.
void RecordedStream::record(std::string_view piece) {
  if (!is_recorded_) return;
  is_recorded_ = answer_.body.size() + piece.size() <= max_bytes_;
  is_recorded_ ? void(answer_.body += piece) : std::string().swap(answer_.body);
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
