#include <vx11/replaceable_handler.hpp>

#include <string>
#include <utility>

#include "http/error_answer.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Keeps the handler of a stream until the stream has been destroyed.
class OwnedBody final : public BodyStream {
 public:
  OwnedBody(std::shared_ptr<const void> owner, std::unique_ptr<BodyStream> body)
      : owner_(std::move(owner)), body_(std::move(body)) {}

  Task<Result<std::string>> next(Deadline deadline) override {
    return body_->next(std::move(deadline));
  }
  bool ended() const noexcept override { return body_->ended(); }
  bool failed() const noexcept override { return body_->failed(); }

 private:
  std::shared_ptr<const void> owner_;  // destroyed after the body
  std::unique_ptr<BodyStream> body_;
};

/// A reference with a count of its own.
std::shared_ptr<const HttpHandler> separately_counted(const std::shared_ptr<HttpHandler>& handler) {
  const HttpHandler* const target = handler.get();
  return {target, [kept = handler](const HttpHandler*) mutable { kept.reset(); }};
}

}  // namespace

ReplaceableHandler::ReplaceableHandler(std::shared_ptr<HttpHandler> handler) {
  replace(std::move(handler));
}

void ReplaceableHandler::replace(std::shared_ptr<HttpHandler> handler) {
  std::array<Handler, kSlots> references;  // afterwards the replaced ones, released without a lock
  for (Handler& reference : references) reference = separately_counted(handler);
  const std::lock_guard lock(mutex_);
  if (draining_) handler->drain();
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::lock_guard swapping(slots_[i].mutex);
    slots_[i].handler.swap(references[i]);
  }
  in_force_.swap(handler);
}

const ReplaceableHandler::Slot& ReplaceableHandler::slot_of_thread() const noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return slots_[number % kSlots];
}

ReplaceableHandler::Handler ReplaceableHandler::current() const {
  const Slot& slot = slot_of_thread();
  const std::lock_guard lock(slot.mutex);
  return slot.handler;
}

tl::expected<HttpAdmission, HttpResponse> ReplaceableHandler::admit(const HttpRequest& head) const {
  Handler handler = current();
  auto admission = handler->admit(head);
  if (!admission) return admission;
  if (admission->owner() != nullptr) {  // would be released too early
    return tl::unexpected(http_detail::error_answer(500, "internal"));
  }
  return admission->within(*this).owned_by(std::move(handler));
}

Task<StreamedResponse> ReplaceableHandler::open(const HttpRequest& request, HttpAdmission admission,
                                                Deadline deadline) const {
  std::shared_ptr<const void> owner = admission.owner();
  const auto& handler = *static_cast<const HttpHandler*>(owner.get());
  Task<StreamedResponse> opening = handler.open(request, std::move(admission), std::move(deadline));
  StreamedResponse answer = co_await std::move(opening);
  if (answer.body != nullptr) {
    answer.body = std::make_unique<OwnedBody>(std::move(owner), std::move(answer.body));
  }
  co_return std::move(answer);
}

HttpResponse ReplaceableHandler::refused(const HttpRequest& head, HttpResponse answer) const {
  const Handler handler = current();
  return complete_refusal(*handler, head, std::move(answer));
}

void ReplaceableHandler::drain() noexcept {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  in_force_->drain();
}

}  // namespace v0
}  // namespace vx11
