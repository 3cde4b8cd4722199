#include "net/server/unsent_answers.hpp"

#include "net/server/server_state.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

void UnsentAnswers::Closing::post(Loop& loop) noexcept {
  job_.keep(shared_from_this());
  loop.post(job_);
}

void UnsentAnswers::Closing::close() {
  if (is_over_) return;
  if (const auto found = connection_.lock()) found->abort();
}

UnsentAnswers::Waiting::Waiting(UnsentAnswers& all, ConnectionPtr connection, Loop& loop,
                                std::size_t bytes)
    : all_(all),
      closing_(std::make_shared<Closing>(std::move(connection))),
      loop_(loop),
      bytes_(bytes) {
  const std::lock_guard lock(all_.mutex_);
  list_ = &all_.list_for(bytes_);
  at_ = list_->insert(list_->end(), this);
  all_.bytes_ += bytes_;
  all_.make_room(*this);
}

UnsentAnswers::Waiting::~Waiting() {
  closing_->end();
  const std::lock_guard lock(all_.mutex_);
  if (list_ != &all_.closing_) all_.bytes_ -= bytes_;
  list_->erase(at_);
}

void UnsentAnswers::Waiting::progress() {
  const std::lock_guard lock(all_.mutex_);
  list_->splice(list_->end(), *list_, at_);
}

std::size_t UnsentAnswers::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

UnsentAnswers::List& UnsentAnswers::list_for(std::size_t bytes) noexcept {
  constexpr std::size_t kSmallPart = 1024;
  return bytes < most_ / kSmallPart ? small_ : large_;
}

void UnsentAnswers::make_room(Waiting& newest) noexcept {
  if (newest.bytes_ > most_) return close(newest, newest.closed_);
  for (List* const list : {&large_, &small_}) {
    while (bytes_ > most_ && !list->empty() && list->front() != &newest) {
      close(*list->front(), newest.closed_);
    }
  }
}

/// On the loop of the connection, which destroys the waiting answer.
void UnsentAnswers::close(Waiting& waiting, std::size_t& closed) noexcept {
  waiting.closing_->post(waiting.loop_);
  closing_.splice(closing_.end(), *waiting.list_, waiting.at_);
  waiting.list_ = &closing_;
  bytes_ -= waiting.bytes_;
  ++closed;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
