#include <vx11/net/transport.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "net/client/upstream_call.hpp"
#include "net/client/upstream_pool.hpp"
#include "net/http/response_reader.hpp"
#include "net/loop/background_loop.hpp"

namespace vx11 {
inline namespace v0 {

namespace net_detail {

namespace {

/// Identifies the transport in its loops' pools. Not its address, which may be reused later.
std::uint64_t next_number() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// The remaining body of a response, read on the loop where it began.
class NetBody final : public BodyStream {
 public:
  NetBody(Loop& loop, std::unique_ptr<UpstreamCall> call, Duration between_chunks)
      : loop_(loop), call_(std::move(call)), between_chunks_(between_chunks) {}
  ~NetBody() override {
    // The connection belongs to the loop's thread and must be destroyed there.
    if (Loop::current() == &loop_) return;
    loop_.post([call = std::shared_ptr<UpstreamCall>(std::move(call_))] {});
  }

  Task<Result<std::string>> next(Deadline deadline) override {
    ResumeOn on_loop(loop_);
    co_await on_loop;
    if (!call_->has_piece() && !call_->complete()) {
      const TimePoint by = std::min(deadline.at(), TimerWheel::in(between_chunks_));
      const Result<void> came = co_await call_->next_piece(by);
      if (!came) co_return fail(came.error());
    }
    co_return call_->take_body();
  }

 private:
  Loop& loop_;
  std::unique_ptr<UpstreamCall> call_;
  Duration between_chunks_;
};

class NetTransport final : public StreamingTransport {
 public:
  explicit NetTransport(NetTransportOptions options) : options_(std::move(options)) {}

  bool blocks() const noexcept override { return false; }

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    Loop* const here = Loop::current();
    Loop& loop = here != nullptr ? *here : background_.loop();
    ResumeOn on_loop(loop);
    co_await on_loop;
    Result<OriginPool*> pool = loop.local<UpstreamPools>(number_, options_).of(request.origin);
    if (!pool) co_return fail(pool.error());
    UpstreamCall call(loop, **pool, options_, std::move(deadline));
    Result<void> done = co_await call.whole(request);
    if (!done) co_return fail(std::move(done.error()));
    co_return std::move(call.response());
  }

  using StreamingTransport::open;
  Task<Result<StreamedResponse>> open(const HttpRequest& request, Deadline deadline) override {
    Loop* const here = Loop::current();
    Loop& loop = here != nullptr ? *here : background_.loop();
    ResumeOn on_loop(loop);
    co_await on_loop;
    Result<OriginPool*> pool = loop.local<UpstreamPools>(number_, options_).of(request.origin);
    if (!pool) co_return fail(pool.error());
    auto call = std::make_unique<UpstreamCall>(loop, **pool, options_, std::move(deadline));
    const Result<void> opened = co_await call->open(request);
    if (!opened) co_return fail(opened.error());
    HttpResponse head(call->response().status);
    head.headers = call->response().headers;
    auto body = std::make_unique<NetBody>(loop, std::move(call), options_.between_chunks_timeout);
    co_return StreamedResponse(std::move(head), std::move(body));
  }

 private:
  const NetTransportOptions options_;
  const std::uint64_t number_ = next_number();
  BackgroundLoop background_;
};

}  // namespace

}  // namespace net_detail

std::shared_ptr<StreamingTransport> make_net_transport(NetTransportOptions options) {
  return std::make_shared<net_detail::NetTransport>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
