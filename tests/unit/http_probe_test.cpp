#include <vx11/health_aggregator.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using namespace vx11;
using testing::ScriptedTransport;

namespace {

constexpr auto kOrigin = "http://10.0.0.1:8001";

Result<ProbeAnswer> look_at(const std::shared_ptr<Transport>& transport) {
  const auto probe = make_http_probe(transport, kOrigin);
  REQUIRE(probe);
  return sync_wait((*probe)->look({}));
}

Result<ProbeAnswer> look_at_status(int status) {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->then(HttpResponse(status));
  return look_at(transport);
}

Errc mistake_of(const std::shared_ptr<Transport>& transport, const std::string& origin,
                const std::string& path) {
  const auto probe = make_http_probe(transport, origin, path);
  REQUIRE_FALSE(probe);
  CHECK_FALSE(probe.error().detail.empty());
  return probe.error().code;
}

/// A probe over a transport that waits by suspending.
class SuspendingTransport final : public Transport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }
  Task<Result<HttpResponse>> send(const HttpRequest&, Deadline) override {
    return HttpResponse(200);
  }
};

}  // namespace

TEST_CASE("a probe blocks if its transport does") {
  CHECK((*make_http_probe(std::make_shared<ScriptedTransport>(), kOrigin))->blocks());
  CHECK_FALSE((*make_http_probe(std::make_shared<SuspendingTransport>(), kOrigin))->blocks());
}

TEST_CASE("2xx is ok") {
  CHECK(look_at_status(200) == Health::ok);
  CHECK(look_at_status(204) == Health::ok);
  CHECK(look_at_status(299) == Health::ok);
}

TEST_CASE("any other answer is degraded") {
  for (const int status : {100, 199, 301, 302, 401, 404, 429, 500, 503}) {
    CAPTURE(status);
    CHECK(look_at_status(status) ==
          ProbeAnswer(Health::degraded, "http_" + std::to_string(status)));
  }
}

TEST_CASE("no answer is the transport's error") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::invalid_reply}) {
    const auto transport = std::make_shared<ScriptedTransport>();
    transport->then_fail(code);
    const auto seen = look_at(transport);
    REQUIRE_FALSE(seen);
    CHECK(seen.error().code == code);
  }
}

TEST_CASE("one GET without a body is sent, to the path and with the headers that were given") {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->then(HttpResponse(200));
  Headers headers;
  headers.add("x-vx11-token", "secret");
  const auto probe = make_http_probe(transport, kOrigin, "/readyz", headers);
  REQUIRE(probe);
  CHECK(transport->calls() == 0);

  CHECK(sync_wait((*probe)->look({})) == Health::ok);
  const std::vector<HttpRequest> requests = transport->requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].method == "GET");
  CHECK(requests[0].origin == kOrigin);
  CHECK(requests[0].target == "/readyz");
  CHECK(requests[0].headers.get("x-vx11-token") == "secret");
  CHECK(requests[0].body.empty());
}

TEST_CASE("the deadline reaches the transport") {
  const TimePoint at{42s};
  TimePoint seen = {};
  const auto transport =
      std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline& deadline) {
        seen = deadline.at();
        return HttpResponse(200);
      });
  const auto probe = make_http_probe(transport, kOrigin);
  REQUIRE(probe);
  CHECK(sync_wait((*probe)->look(Deadline(at))) == Health::ok);
  CHECK(seen == at);
}

TEST_CASE("every path that is known to have no effect can be probed") {
  const auto transport = std::make_shared<ScriptedTransport>();
  for (const char* path : {"/health", "/livez", "/readyz", "/healthz"}) {
    CHECK(make_http_probe(transport, kOrigin, path));
  }
}

TEST_CASE("a probe cannot be pointed at anything that acts") {
  const auto transport = std::make_shared<ScriptedTransport>();
  for (const char* path :
       {"", "/", "health", "/health/", "/health?wake=1", "/healthz/../madre/power/window/open",
        "/HEALTH", "/switch/route-v5", "/health HTTP/1.1\r\nx: y"}) {
    CAPTURE(path);
    CHECK(mistake_of(transport, kOrigin, path) == Errc::invalid_argument);
  }
  CHECK(transport->calls() == 0);
}

TEST_CASE("a probe without a transport or with a bad origin is a mistake") {
  CHECK(mistake_of(nullptr, kOrigin, "/health") == Errc::invalid_argument);
  const auto transport = std::make_shared<ScriptedTransport>();
  for (const char* origin : {"", "10.0.0.1:8001", "redis://10.0.0.1", "http://", "http://a/b",
                             "http://a:0", "http://a:99999", "http://a b"}) {
    CAPTURE(origin);
    CHECK(mistake_of(transport, origin, "/health") == Errc::invalid_argument);
  }
}
