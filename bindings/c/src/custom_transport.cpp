#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "handles.hpp"

namespace {

using Answer = vx11::Result<vx11::HttpResponse>;

/// State shared by the requesting and the completing thread. Both own it, so that a late answer can
/// still be stored and is then discarded.
class Meeting {
 public:
  Meeting(vx11::HttpRequest request, vx11::Deadline deadline)
      : request(std::move(request)), deadline(std::move(deadline)) {}

  const vx11::HttpRequest request;
  const vx11::Deadline deadline;

  void complete(Answer answer) {
    const std::lock_guard lock(mutex_);
    if (!answer_) answer_.emplace(std::move(answer));
    done_.notify_all();
  }

  Answer wait() {
    const std::stop_callback cancel(deadline.stop_token(), [this] {
      complete(vx11::fail(vx11::Errc::cancelled, "the caller went away"));
    });
    std::unique_lock lock(mutex_);
    const auto answered = [this] { return answer_.has_value(); };
    if (deadline.never()) {
      done_.wait(lock, answered);
    } else if (!done_.wait_until(lock, deadline.at(), answered)) {
      answer_.emplace(vx11::fail(vx11::Errc::timeout, "no answer within the limit"));
    }
    return std::move(*answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Answer> answer_;
};

}  // namespace

struct vx11_call {
  explicit vx11_call(std::shared_ptr<Meeting> meeting) : meeting(std::move(meeting)) {}
  std::shared_ptr<Meeting> meeting;
};

namespace {

using namespace vx11::c;

/// Calls a C function for every request and waits on the requesting thread for its completion.
class CustomTransport final : public vx11::Transport {
 public:
  using Send = void (*)(void* context, vx11_call* call);
  using Release = void (*)(void* context);

  CustomTransport(Send send, void* context, Release release)
      : send_(send), context_(context), release_(release) {}
  ~CustomTransport() override {
    if (release_) release_(context_);
  }

  vx11::Task<Answer> send(const vx11::HttpRequest& request, vx11::Deadline deadline) override {
    if (deadline.cancelled()) {
      co_return vx11::fail(vx11::Errc::cancelled, "the caller went away");
    }
    const auto meeting = std::make_shared<Meeting>(request, std::move(deadline));
    vx11_call* call = nullptr;
    give(std::make_shared<vx11_call>(meeting), &call);
    send_(context_, call);
    co_return meeting->wait();
  }

 private:
  Send send_;
  void* context_;
  Release release_;
};

/// The caller's code; a code that is no failure of sending becomes `unreachable`.
vx11::Errc errc_of(vx11_code code) {
  if (code == VX11_REJECTED) return vx11::Errc::rejected;
  if (code == VX11_EXHAUSTED) return vx11::Errc::exhausted;
  if (code == VX11_ADDRESS_UNAVAILABLE) return vx11::Errc::address_unavailable;
  const bool known = code >= VX11_INVALID_ARGUMENT && code <= VX11_UNAVAILABLE;
  return known ? static_cast<vx11::Errc>(code - 1) : vx11::Errc::unreachable;
}

/// Ends the call with the answer or, if that throws, with a failure.
vx11_code complete(vx11_call* call, const std::function<Answer()>& answer) noexcept {
  return guarded(nullptr, [&] {
    const auto taken =
        std::static_pointer_cast<vx11_call>(HandleTable::instance().take(Kind::call, call));
    if (!taken) throw BadHandle{Kind::call, call};
    try {
      taken->meeting->complete(answer());
    } catch (...) {
      taken->meeting->complete(vx11::fail(vx11::Errc::unreachable, "the transport failed"));
      throw;
    }
    return Ending();
  });
}

/// The request of a call; null if the call has been completed. The table keeps it alive until then.
const vx11::HttpRequest* request_of(const vx11_call* call) noexcept {
  const auto object = held(call);
  return object ? &object->meeting->request : nullptr;
}

}  // namespace

vx11_code vx11_transport_custom(void (*send)(void* context, vx11_call* call), void* context,
                                void (*release)(void* context), vx11_transport** transport,
                                char** error) {
  return guarded(error, [&] {
    if (send == nullptr) return misuse("send is NULL");
    result(transport);
    auto custom = std::make_shared<CustomTransport>(send, context, release);
    return give(std::shared_ptr<vx11_transport>(new vx11_transport{std::move(custom)}), transport);
  });
}

const char* vx11_call_method(const vx11_call* call) {
  const auto* request = request_of(call);
  return request ? request->method.c_str() : nullptr;
}

const char* vx11_call_origin(const vx11_call* call) {
  const auto* request = request_of(call);
  return request ? request->origin.c_str() : nullptr;
}

const char* vx11_call_target(const vx11_call* call) {
  const auto* request = request_of(call);
  return request ? request->target.c_str() : nullptr;
}

size_t vx11_call_header_count(const vx11_call* call) {
  const auto* request = request_of(call);
  return request ? request->headers.size() : 0;
}

const char* vx11_call_header_name(const vx11_call* call, size_t index) {
  const auto* request = request_of(call);
  const auto header = request ? header_at(request->headers, index) : std::nullopt;
  return header ? header->name.data() : nullptr;
}

const char* vx11_call_header_value(const vx11_call* call, size_t index) {
  const auto* request = request_of(call);
  const auto header = request ? header_at(request->headers, index) : std::nullopt;
  return header ? header->value.data() : nullptr;
}

const char* vx11_call_body(const vx11_call* call, size_t* size) {
  const auto* request = request_of(call);
  if (size) *size = request ? request->body.size() : 0;
  return request ? request->body.c_str() : nullptr;
}

int64_t vx11_call_remaining_ms(const vx11_call* call) {
  const auto object = held(call);
  if (!object) return 0;
  const vx11::Deadline& deadline = object->meeting->deadline;
  if (deadline.never()) return -1;
  const vx11::Duration left = deadline.remaining(vx11::SteadyClock().now());
  return std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
}

int vx11_call_abandoned(const vx11_call* call) {
  const auto object = held(call);
  if (!object) return 1;
  const vx11::Deadline& deadline = object->meeting->deadline;
  return deadline.cancelled() || deadline.passed(vx11::SteadyClock().now()) ? 1 : 0;
}

vx11_code vx11_call_answer(vx11_call* call, int status, const char* const* headers,
                           size_t header_count, const char* body, size_t size) {
  return complete(call, [&]() -> Answer {
    if (status < 100 || status > 599) throw Misuse{"status is none of HTTP: 100 to 599"};
    vx11::HttpResponse response(status);
    response.headers = headers_of(headers, header_count);
    response.body = body_of(body, size);
    return response;
  });
}

vx11_code vx11_call_fail(vx11_call* call, vx11_code code, const char* detail) {
  return complete(call, [&]() -> Answer {
    return vx11::fail(errc_of(code), detail ? detail : "the transport failed");
  });
}
