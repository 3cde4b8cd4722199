#include "router_upstreams.hpp"

using namespace router_upstreams;

namespace {

/// Suspends every send until the test releases it.
class SuspendingTransport final : public vx11::Transport {
 public:
  struct Awaiter {
    std::coroutine_handle<>* slot;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const noexcept { *slot = handle; }
    void await_resume() const noexcept {}
  };

  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request,
                                              Deadline /*deadline*/) override {
    Awaiter until_let_go{&waiting_};
    co_await until_let_go;
    co_return HttpResponse(200, "application/json", R"({"response":")" + request.target + "\"}");
  }

  bool is_waiting() const { return static_cast<bool>(waiting_); }
  void let_go() { std::exchange(waiting_, nullptr).resume(); }

 private:
  std::coroutine_handle<> waiting_ = nullptr;
};

}  // namespace

TEST_CASE("a try may take its limit, the rest of the total, or the rest of the caller's patience") {
  ManualClock clock;
  std::vector<vx11::Duration> allowed;
  const auto transport = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline& deadline) -> vx11::Result<HttpResponse> {
        allowed.push_back(deadline.remaining(clock.now()));
        clock.advance(4s);
        return vx11::fail(Errc::unreachable);
      });
  RouterOptions options = {
      .targets = {{.name = "switch", .url = "http://s", .transport = transport, .try_timeout = 5s},
                  {.name = "madre", .url = "http://m", .transport = transport, .try_timeout = 5s}},
      .total_timeout = 7s,
      .clock = clock};
  const Router router = Router::create(options).value();
  CHECK_FALSE(router.ask(chat()));
  CHECK_FALSE(router.ask(chat(), Deadline::after(clock.now(), 6s)));
  CHECK(allowed == std::vector<vx11::Duration>{5s, 3s, 5s, 2s});
}

TEST_CASE("the total deadline shortens the second try") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then(HttpResponse(200), 1h);
  RouterOptions options = up.options();
  options.total_timeout = 20s;
  const Router router = Router::create(options).value();
  const auto before = up.clock.now();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(up.clock.now() - before == 20s);
  CHECK(reply.error().detail == "no answer within 15s");
  CHECK(reply.error().attempts[0].elapsed == 15s);
  CHECK(reply.error().attempts[1].elapsed == 5s);
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
}

TEST_CASE("when no time is left a target is not tried and nothing is held against it") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.total_timeout = 15s;
  const Router router = Router::create(options).value();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timeout);
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
  CHECK(reply.error().attempts[1].elapsed == 0s);
  CHECK(up.fallback->calls() == 0);
  CHECK(failures(router, "switch") == 1);
  CHECK(failures(router, "madre") == 0);
}

TEST_CASE("a call past its deadline asks no target") {
  Upstreams up;
  const Router router = up.router();
  const auto reply = router.ask(chat(), Deadline(up.clock.now()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timeout);
  CHECK(reply.error().detail == "no time left");
  CHECK(up.primary->calls() + up.fallback->calls() == 0);
  CHECK(failures(router, "switch") == 0);
}

TEST_CASE("a call cancelled before the first attempt asks no target") {
  Upstreams up;
  std::stop_source stop;
  stop.request_stop();
  const auto reply = up.router().ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::cancelled);
  CHECK(outcomes(reply.error().attempts) == std::vector<Outcome>{Outcome::cancelled});
  CHECK(up.primary->calls() + up.fallback->calls() == 0);
}

TEST_CASE("client cancel is neutral and ends the ask, whatever the transport makes of it") {
  for (const Errc code : {Errc::cancelled, Errc::unreachable, Errc::timeout}) {
    Upstreams up;
    std::stop_source stop;
    RouterOptions options = up.options();
    options.targets[0].transport = std::make_shared<InProcessTransport>(
        [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
          stop.request_stop();
          return vx11::fail(code);
        });
    const Router router = Router::create(options).value();
    const auto reply = router.ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::cancelled);
    CHECK(reply.error().upstream == "switch");
    CHECK(outcomes(reply.error().attempts) == std::vector<Outcome>{Outcome::cancelled});
    CHECK(failures(router, "switch") == 0);
    CHECK(up.fallback->calls() == 0);
  }
}

TEST_CASE("an answer after the cancellation still counts for its upstream") {
  Upstreams up;
  std::stop_source stop;
  RouterOptions options = up.options();
  options.targets[0].transport = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        stop.request_stop();
        return HttpResponse(500);
      });
  const Router router = Router::create(options).value();
  const auto reply = router.ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::cancelled);
  CHECK(reply.error().upstream == "madre");
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::error, Outcome::cancelled});
  CHECK(failures(router, "switch") == 1);
  CHECK(up.fallback->calls() == 0);
}

TEST_CASE("a cancelled probe gives its slot back") {
  Upstreams up;
  up.primary->then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::cancelled)
      .then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  const Router router = up.router();
  for (int i = 0; i < 3; ++i) CHECK(router.ask(chat()));
  up.clock.advance(60s);
  CHECK(router.ask(chat()).error().code == Errc::cancelled);
  CHECK(router.ask(chat())->source == "switch");
}

TEST_CASE("a suspended ask continues although its router is destroyed") {
  const auto transport = std::make_shared<SuspendingTransport>();
  std::optional<vx11::Task<vx11::Result<vx11::ChatReply, vx11::ChatFailure>>> asking;
  {
    RouterOptions options;
    options.targets.push_back(target("switch"));
    options.targets[0].transport = transport;
    const Router router = Router::create(std::move(options)).value();
    asking.emplace(router.async_ask(chat()));
  }
  bool ended = false;
  const auto wake = [](void* flag) { *static_cast<bool*>(flag) = true; };
  REQUIRE_FALSE(vx11::detail::TaskAccess::start(*asking, wake, &ended));
  REQUIRE(transport->is_waiting());
  CHECK_FALSE(ended);
  transport->let_go();
  REQUIRE(ended);
  CHECK(vx11::detail::TaskAccess::take(*asking)->text == "/switch/route-v5");
}

TEST_CASE("copies of a router share its breakers") {
  Upstreams up;
  const Router router = up.router();
  const Router copy = router;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK_FALSE(copy.ask(chat()));
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("outcomes have the words of the contract") {
  CHECK(vx11::to_string(Outcome::answered) == "answered");
  CHECK(vx11::to_string(Outcome::circuit_open) == "circuit_open");
  CHECK(vx11::to_string(Outcome::unreachable) == "unreachable");
  CHECK(vx11::to_string(Outcome::timeout) == "timeout");
  CHECK(vx11::to_string(Outcome::error) == "error");
  CHECK(vx11::to_string(Outcome::invalid_reply) == "invalid_reply");
  CHECK(vx11::to_string(Outcome::asleep) == "asleep");
  CHECK(vx11::to_string(Outcome::cancelled) == "cancelled");
  CHECK(vx11::to_string(Outcome::exhausted) == "exhausted");
  CHECK(vx11::to_string(Outcome::overtaken) == "overtaken");
  CHECK(vx11::to_string(Outcome::unsupported) == "unsupported");
}

TEST_CASE("many threads get an answer each while the first upstream comes and goes") {
  constexpr int kThreads = 8;
  constexpr int kAsks = 400;
  std::atomic<bool> up{true};
  const auto flipping = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        if (!up.load()) return vx11::fail(Errc::unreachable);
        return HttpResponse(200, "application/json", kSwitchSays);
      });
  const auto steady = std::make_shared<InProcessTransport>(
      [](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        return HttpResponse(200, "application/json", kMadreSays);
      });
  RouterOptions options = {.targets = {{.name = "switch", .url = "http://s", .transport = flipping},
                                       {.name = "madre", .url = "http://m", .transport = steady}}};
  options.targets[0].breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions{.open_for = 1us});
  const Router router = Router::create(std::move(options)).value();

  std::atomic<int> answered{0};
  std::atomic<int> honest{0};
  const auto keep_asking = [&](int seed) {
    for (int i = 0; i < kAsks; ++i) {
      if ((i + seed) % 7 == 0) up.store(!up.load());
      const auto reply = router.ask(chat());
      if (!reply) continue;
      ++answered;
      const bool fell_back = reply->source == "madre";
      if (fell_back == !reply->reason.empty() && reply->attempts.size() == reply->rank + 1) {
        ++honest;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(keep_asking, i);
  threads.clear();
  CHECK(answered == kThreads * kAsks);
  CHECK(honest == kThreads * kAsks);
}
