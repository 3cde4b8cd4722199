#include "gateway/process/reload_requests.hpp"

#include <utility>

namespace gateway {

namespace {

vx11::HttpResponse stopping() {
  return {503, "application/json", R"({"error":"stopping","status_code":503})"};
}

}  // namespace

/// Suspends its coroutine until it has an answer.
class ReloadRequests::Waiter {
 public:
  explicit Waiter(ReloadRequests& requests) noexcept : requests_(requests) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    ReloadRequests& requests = requests_;
    {
      const std::lock_guard lock(requests.mutex_);
      if (requests.closed_) return false;
      requests.waiters_.push_back(this);
    }
    requests.wake_();  // this waiter may have been resumed, and be gone
    return true;
  }
  vx11::HttpResponse await_resume() { return std::move(answer_); }

  void resume_with(const vx11::HttpResponse& answer) {
    answer_ = answer;
    waiting_.resume();
  }

 private:
  ReloadRequests& requests_;
  std::coroutine_handle<> waiting_ = nullptr;
  vx11::HttpResponse answer_ = stopping();
};

vx11::Task<vx11::HttpResponse> ReloadRequests::next() {
  Waiter waiter(*this);
  vx11::HttpResponse answer = co_await waiter;
  co_return std::move(answer);
}

void ReloadRequests::answer_all(const std::function<vx11::HttpResponse()>& reload) {
  const std::vector<Waiter*> waiters = take_all();
  if (!waiters.empty()) answer(waiters, reload());
}

void ReloadRequests::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  answer(take_all(), stopping());
}

std::vector<ReloadRequests::Waiter*> ReloadRequests::take_all() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiters_, {});
}

void ReloadRequests::answer(const std::vector<Waiter*>& waiters,
                            const vx11::HttpResponse& response) {
  for (Waiter* const waiter : waiters) waiter->resume_with(response);
}

}  // namespace gateway
