#include <vx11/net/transport.hpp>
#include <vx11/socket/detail/tls.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "net/client/upstream_call.hpp"
#include "net/client/upstream_pool.hpp"
#include "net/http/response_reader.hpp"
#include "net/loop/background_loop.hpp"

namespace vx11 {
inline namespace v0 {

namespace net_detail {

namespace {

using socket_detail::Resolver;
using socket_detail::ResolverOptions;

/// The remaining body of a response, read on the loop where it began.
class NetBody final : public BodyStream {
 public:
  NetBody(Loop& loop, std::unique_ptr<UpstreamCall> call, Duration between_chunks)
      : loop_(loop), call_(std::move(call)), between_chunks_(between_chunks) {}
  ~NetBody() override {
    // The connection belongs to the loop's thread and must be destroyed there.
    if (Loop::current() == &loop_) return;
    UpstreamCall::end_on_loop(std::move(call_));
  }

  Task<Result<std::string>> next(Deadline deadline) override {
    return Loop::current() == &loop_ ? next_here(deadline) : next_there(std::move(deadline));
  }

 private:
  /// Not a coroutine: one for each piece is enough, that of the call, if it has to wait at all.
  Task<Result<std::string>> next_here(const Deadline& deadline) {
    if (TimerWheel::has_passed(deadline.at())) {
      return Result<std::string>(fail(Errc::timeout, "no time left"));  // also without a pause
    }
    if (call_->has_piece() || call_->complete()) return Result<std::string>(call_->take_body());
    return call_->next_piece(std::min(deadline.at(), TimerWheel::in(between_chunks_)));
  }
  Task<Result<std::string>> next_there(Deadline deadline) {
    ResumeOn on_loop(loop_);
    co_await on_loop;
    Task<Result<std::string>> reading = next_here(deadline);
    co_return co_await std::move(reading);
  }

  Loop& loop_;
  std::unique_ptr<UpstreamCall> call_;
  Duration between_chunks_;
};

class NetTransport final : public StreamingTransport {
 public:
  explicit NetTransport(NetTransportOptions options)
      : options_(std::move(options)),
        resolver_(std::make_shared<Resolver>(
            ResolverOptions{.look_up = options_.look_up, .keep = options_.name_cache})) {}

  bool blocks() const noexcept override { return false; }

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    try {
      Loop* const loop = loop_here();
      if (loop == nullptr) co_return exhausted(request);
      ResumeOn on_loop(*loop);
      co_await on_loop;
      Result<OriginPool*> pool = pool_of(*loop, request);
      if (!pool) co_return fail(pool.error());
      UpstreamCall call(*loop, **pool, options_, std::move(deadline));
      for (Step step = call.begin(request, Until::complete); step != Step::ended;) {
        if (step == Step::connect) {
          co_await call.connect();
          step = call.next();
        } else {
          const bool came = co_await call.readable();
          step = call.next(came);
        }
      }
      if (Error* const error = call.error()) co_return failed(std::move(*error), **pool);
      co_return std::move(call.response());
    } catch (const std::bad_alloc&) {
    }
    co_return exhausted(request);
  }

  using StreamingTransport::open;
  Task<Result<StreamedResponse>> open(const HttpRequest& request, Deadline deadline) override {
    try {
      Loop* const loop = loop_here();
      if (loop == nullptr) co_return exhausted(request);
      ResumeOn on_loop(*loop);
      co_await on_loop;
      Result<OriginPool*> pool = pool_of(*loop, request);
      if (!pool) co_return fail(pool.error());
      auto call = std::make_unique<UpstreamCall>(*loop, **pool, options_, std::move(deadline));
      for (Step step = call->begin(request, Until::head); step != Step::ended;) {
        if (step == Step::connect) {
          co_await call->connect();
          step = call->next();
        } else {
          const bool came = co_await call->readable();
          step = call->next(came);
        }
      }
      if (Error* const error = call->error()) co_return failed(std::move(*error), **pool);
      HttpResponse head(call->response().status);
      head.headers = std::move(call->response().headers);
      const Duration between_chunks = options_.between_chunks_timeout;
      auto body = std::make_unique<NetBody>(*loop, std::move(call), between_chunks);
      co_return StreamedResponse(std::move(head), std::move(body));
    } catch (const std::bad_alloc&) {
    }
    co_return exhausted(request);
  }

 private:
  using Step = UpstreamCall::Step;
  using Until = UpstreamCall::Until;

  /// The calling thread's loop, or the transport's own; null if it cannot be started.
  Loop* loop_here() noexcept {
    Loop* const here = Loop::current();
    return here != nullptr ? here : background_.loop();
  }

  Result<OriginPool*> pool_of(Loop& loop, const HttpRequest& request) {
    return loop.local<UpstreamPools>(number_, options_, resolver_).of(request.origin);
  }

  static tl::unexpected<Error> failed(Error error, const OriginPool& pool) {
    if (error.code == Errc::exhausted) pool.count(&TransportCounters::exhausted);
    return fail(std::move(error));
  }
  /// Also without a pool.
  tl::unexpected<Error> exhausted(const HttpRequest& request) const {
    for (TransportCounters* const counters : {options_.counters.get(), of_origin(request.origin)}) {
      if (counters != nullptr) counters->exhausted.fetch_add(1, std::memory_order_relaxed);
    }
    return fail(Errc::exhausted, "no memory, thread or descriptor left for the call");
  }

  /// May be null. An unusual spelling is found only if there is memory to normalize it.
  TransportCounters* of_origin(const std::string& origin) const noexcept {
    const auto& all = options_.counters_by_origin;
    auto found = all.find(origin);
    try {
      if (found == all.end()) found = all.find(Url::parse(origin).map(&Url::text).value_or(""));
    } catch (const std::bad_alloc&) {
    }
    return found == all.end() ? nullptr : found->second.get();
  }

  const NetTransportOptions options_;
  const std::uint64_t number_ = Loop::new_owner();
  const std::shared_ptr<Resolver> resolver_;
  BackgroundLoop background_;
};

}  // namespace

}  // namespace net_detail

Result<> validate(const NetTransportOptions& options) {
  const auto context = socket_detail::TlsContext::make(
      options.ca_file, {.file = options.certificate_file, .key_file = options.key_file},
      options.pins);
  if (!context) return fail(context.error());
  return {};
}

std::shared_ptr<StreamingTransport> make_net_transport(NetTransportOptions options) {
  return std::make_shared<net_detail::NetTransport>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
