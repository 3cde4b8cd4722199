#include "net/server/unsent_answers.hpp"

#include "net/server/server_state.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

UnsentAnswers::Waiting::Waiting(Registered, UnsentAnswers& all, ConnectionPtr connection,
                                Loop& loop, std::size_t bytes)
    : all_(all), connection_(std::move(connection)), loop_(loop), bytes_(bytes) {
  const std::lock_guard lock(all_.mutex_);
  at_ = all_.waiting_.insert(all_.waiting_.end(), this);
  all_.bytes_ += bytes_;
}

/// A constructor that delegates, so that one that throws is destroyed, which takes it off the list.
UnsentAnswers::Waiting::Waiting(UnsentAnswers& all, ConnectionPtr connection, Loop& loop,
                                std::size_t bytes)
    : Waiting(Registered(), all, std::move(connection), loop, bytes) {
  const std::lock_guard lock(all_.mutex_);
  all_.make_room(closed_);
}

UnsentAnswers::Waiting::~Waiting() {
  const std::lock_guard lock(all_.mutex_);
  (is_closing_ ? all_.closing_ : all_.waiting_).erase(at_);
  if (!is_closing_) all_.bytes_ -= bytes_;
}

void UnsentAnswers::Waiting::progress() {
  const std::lock_guard lock(all_.mutex_);
  if (!is_closing_) all_.waiting_.splice(all_.waiting_.end(), all_.waiting_, at_);
}

std::size_t UnsentAnswers::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void UnsentAnswers::make_room(std::size_t& closed) {
  for (; bytes_ > most_; ++closed) close(*waiting_.front());
}

/// On the loop of the connection, which destroys the waiting answer.
void UnsentAnswers::close(Waiting& waiting) {
  waiting.loop_.post([connection = waiting.connection_] {
    if (const auto found = connection.lock()) found->abort();
  });
  waiting.is_closing_ = true;
  bytes_ -= waiting.bytes_;
  closing_.splice(closing_.end(), waiting_, waiting.at_);
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
