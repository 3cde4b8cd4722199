#pragma once

/// \file
/// A transport to a function of the same process.

#include <vx11/detail/exceptions.hpp>
#include <vx11/transport.hpp>

#include <functional>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Answers every request by calling a function: for embedding a service, and for tests.
///
/// The function is called on the sender's thread, concurrently if there are several senders, and
/// must be thread-safe. It receives the deadline and may honour it. An exception it throws becomes
/// `unreachable`.
class InProcessTransport final : public Transport {
 public:
  using Handler = std::function<Result<HttpResponse>(const HttpRequest&, const Deadline&)>;

  explicit InProcessTransport(Handler handler) : handler_(std::move(handler)) {}

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    if (deadline.cancelled()) co_return fail(Errc::cancelled, "the caller went away");
    VX11_TRY {
      co_return handler_(request, deadline);
    }
    VX11_CATCH_ALL {}
    co_return fail(Errc::unreachable, "the in-process upstream failed");
  }

 private:
  Handler handler_;
};

}  // namespace v0
}  // namespace vx11
