#include "gateway/front.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "gateway/api.hpp"
#include "gateway/auth/authenticator.hpp"

using namespace gateway;

namespace {

constexpr auto kToken = "a token for this test";

/// A gateway with a switch that is never called and an embedded madre.
struct Gateway {
  Gateway() {
    config.server.listen = {.host = "127.0.0.1", .port = 0};
    config.auth.token.value = kToken;
    config.switch_.url.value = "http://Switch.example:80";
    front = bind_front(config).value();
    api = make_api(config, *front, make_credentials(config.auth).value()).value();
  }
  ~Gateway() { front.reset(); }

  vx11::HttpResponse get(const std::string& target) const {
    vx11::HttpRequest request("GET", {}, target);
    request.headers.add("x-vx11-token", kToken);
    const auto admission = api->admit(request);
    if (!admission) return admission.error();
    return vx11::sync_wait(api->open(request, *admission, {})).head;
  }

  GatewayConfig config;
  std::unique_ptr<Front> front;
  std::shared_ptr<vx11::HttpHandler> api;
};

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Gateway, "the gateway is ready while its listener accepts connections") {
  CHECK(get("/readyz").status == 503);
  CHECK(get("/readyz").body.find("listener") != std::string::npos);
  REQUIRE(front->start(*api));
  while (!front->is_accepting()) std::this_thread::yield();
  CHECK(get("/readyz").status == 200);
  front->drain({});
  CHECK(get("/readyz").status == 503);
}

TEST_CASE_FIXTURE(Gateway, "metrics have the server's events, and the transport's counters") {
  const std::string text = get("/metrics").body;
  for (const std::string event :
       {"turned_away", "evicted", "accept_failed", "fewer_threads", "slow_reader_closed"}) {
    CHECK(has(text, "vx11_server_events_total{event=\"" + event + "\"} 0"));
  }
  CHECK(has(text, "vx11_server_unsent_bytes 0"));
  CHECK(has(text, "vx11_upstream_resent_total{upstream=\"switch\"} 0"));
  CHECK(has(text, "vx11_upstream_exhausted_total{upstream=\"switch\"} 0"));
  CHECK_FALSE(has(text, "vx11_upstream_resent_total{upstream=\"madre\"} 0"));
}

TEST_CASE_FIXTURE(Gateway, "upstreams with one origin have one series, so that sums are right") {
  config.madre.url.value = config.switch_.url.value;
  const CountersByOrigin counters = make_counters(config);
  for (const vx11::MetricFamily& family : metric_families(config, counters, *front)) {
    if (!family.name.starts_with("vx11_upstream")) continue;
    REQUIRE(family.series.size() == 1);
    CHECK(family.series[0].labels[0].second == "switch");
  }
}

TEST_CASE("an address that is taken is an error that names it") {
  GatewayConfig config;
  config.server.listen = {.host = "127.0.0.1", .port = 0};
  const auto first = bind_front(config);
  REQUIRE(first.has_value());
  config.server.listen.port = (*first)->port();
  const auto second = bind_front(config);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == vx11::Errc::address_unavailable);
  CHECK(second.error().detail.find("cannot listen on 127.0.0.1:") != std::string::npos);
}
