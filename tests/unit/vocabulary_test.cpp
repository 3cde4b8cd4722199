#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::sync_wait;

TEST_CASE("a deadline that was never set never passes") {
  const Deadline never;
  CHECK(never.never());
  CHECK_FALSE(never.passed(vx11::TimePoint::max() - 1ns));
  CHECK(never.remaining(vx11::TimePoint{}) == vx11::Duration::max());
}

TEST_CASE("capping a deadline takes the nearer of both ends and keeps the stop token") {
  const vx11::TimePoint now{1h};
  std::stop_source stop;
  const Deadline deadline(now + 10s, stop.get_token());
  CHECK(deadline.capped(now, 3s).remaining(now) == 3s);
  CHECK(deadline.capped(now, 30s).remaining(now) == 10s);
  CHECK(deadline.capped(now, vx11::Duration::max()).remaining(now) == 10s);
  stop.request_stop();
  CHECK(deadline.capped(now, 3s).cancelled());
}

TEST_CASE("a limit beyond the end of time means never") {
  CHECK(Deadline::after(vx11::TimePoint{1h}, vx11::Duration::max()).never());
}

TEST_CASE("nothing remains of a deadline that has passed") {
  const vx11::TimePoint now{1h};
  CHECK(Deadline(now - 1s).remaining(now) == 0s);
  CHECK(Deadline(now).passed(now));
}

TEST_CASE("every error code has a word of its own") {
  CHECK(to_string(Errc::circuit_open) == "circuit_open");
  CHECK(to_string(Errc::invalid_reply) == "invalid_reply");
  CHECK(to_string(Errc::unavailable) == "unavailable");
  CHECK(to_string(Errc::address_unavailable) == "address_unavailable");
  CHECK(to_string(Errc::exhausted) == "exhausted");
  CHECK(to_string(static_cast<Errc>(200)) == "unknown");
}

namespace {

template <class T, class Request>
concept Sends = requires(T& transport, Request&& request) {
  transport.send(std::forward<Request>(request), Deadline());
};
template <class T, class Request>
concept Opens = requires(T& transport, Request&& request) {
  transport.open(std::forward<Request>(request), Deadline());
};
template <class T>
constexpr bool sends_only_what_lives = Sends<T, const HttpRequest&>&& Sends<T, HttpRequest&> &&
                                       !Sends<T, HttpRequest> && !Sends<T, const HttpRequest>;

}  // namespace

TEST_CASE("a request that would be gone before its task runs does not compile") {
  CHECK(sends_only_what_lives<vx11::Transport>);
  CHECK(sends_only_what_lives<vx11::StreamingTransport>);
  CHECK(sends_only_what_lives<vx11::InProcessTransport>);
  CHECK(sends_only_what_lives<vx11::testing::ScriptedTransport>);
  CHECK(Opens<vx11::StreamingTransport, const HttpRequest&>);
  CHECK(!Opens<vx11::StreamingTransport, HttpRequest>);
}

TEST_CASE("an in-process upstream that throws is unreachable") {
  vx11::InProcessTransport transport(
      [](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        throw std::runtime_error("not to be seen");
      });
  const HttpRequest request("GET", "", "/health");
  const auto answer = sync_wait(transport.send(request, {}));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == Errc::unreachable);
  CHECK(answer.error().detail.find("not to be seen") == std::string::npos);
}

TEST_CASE("an in-process upstream is not called for a cancelled call") {
  int calls = 0;
  vx11::InProcessTransport transport([&](const HttpRequest&, const Deadline&) {
    ++calls;
    return HttpResponse(200);
  });
  std::stop_source stop;
  stop.request_stop();
  const HttpRequest request("GET", "", "/health");
  const auto answer =
      sync_wait(transport.send(request, Deadline(vx11::TimePoint::max(), stop.get_token())));
  CHECK(answer.error().code == Errc::cancelled);
  CHECK(calls == 0);
}

TEST_CASE("a scripted answer takes the manual clock's time and times out at the deadline") {
  vx11::testing::ManualClock clock;
  vx11::testing::ScriptedTransport transport(clock);
  transport.then(HttpResponse(200), 1s).then(HttpResponse(200), 10s);
  const HttpRequest request("GET", "http://127.0.0.1:1", "/health");
  const vx11::TimePoint start = clock.now();
  CHECK(sync_wait(transport.send(request, Deadline::after(start, 5s))).has_value());
  const auto late = sync_wait(transport.send(request, Deadline::after(start, 5s)));
  CHECK(late.error().code == Errc::timeout);
  CHECK(clock.now() == start + 5s);
  CHECK(transport.calls() == 2);
}
