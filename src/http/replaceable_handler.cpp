#include <vx11/replaceable_handler.hpp>

#include <string>
#include <utility>

#include "http/error_answer.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

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
  admission->wrap(*this);
  admission->own(std::move(handler));
  return admission;
}

Task<StreamedResponse> ReplaceableHandler::open(const HttpRequest& request,
                                                const HttpAdmission& admission,
                                                Deadline deadline) const {
  const auto& handler = *static_cast<const HttpHandler*>(admission.owner().get());
  return handler.open(request, admission, std::move(deadline));
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
