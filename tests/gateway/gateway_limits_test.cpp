// The limits of named targets: where they arrive, and warnings of those without effect.
#include <vx11/chat.hpp>
#include <vx11/transport/in_process.hpp>

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "gateway/routes.hpp"
#include "gateway/upstreams.hpp"
#include "group_files.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

std::string target_with(const std::string& rest) {
  return "[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n" + rest;
}

/// The time that a call to the target has.
Duration time_of_call(const std::string& limits) {
  const GatewayConfig config = config_of(target_with(limits) + "[chat]\ndeadline = \"1h\"\n");
  Duration left = {};
  const auto transport = std::make_shared<vx11::InProcessTransport>(
      [&](const vx11::HttpRequest&, const vx11::Deadline& deadline) {
        left = deadline.remaining(vx11::SteadyClock().now());
        return vx11::HttpResponse(200);
      });
  const Upstreams upstreams = make_upstreams(config, transport);
  const auto router = make_router(config, upstreams, RouteConfig{.targets = {"a"}});
  REQUIRE(router.has_value());
  static_cast<void>(router->ask(vx11::ChatRequest("hello", "s")));
  return left;
}

}  // namespace

TEST_CASE("a call has the nearer one of limit and total_limit, and 0s is no limit") {
  const auto is_about = [](Duration left, Duration limit) {
    return left <= limit && left > limit - 1min;
  };
  CHECK(is_about(time_of_call("limit = \"40m\"\ntotal_limit = \"20m\"\n"), 20min));
  CHECK(is_about(time_of_call("limit = \"40m\"\ntotal_limit = \"50m\"\n"), 40min));
  CHECK(is_about(time_of_call("limit = \"40m\"\ntotal_limit = \"0s\"\n"), 40min));
  CHECK(config_of(target_with("")).targets.at("a").total_limit == 0s);
}

TEST_CASE("a limit that a nearer one leaves without effect is a warning") {
  const auto warned = [](const std::string& limits) {
    return warnings_in_file(target_with(limits) + "[routes.r]\ntargets = [\"a\"]\n");
  };
  CHECK(warned("limit = \"20s\"\ntotal_limit = \"10s\"\n") ==
        Lines{"targets.a.limit: has no effect: total_limit is shorter, \"10s\"; delete it"});
  CHECK(warned("total_limit = \"10s\"\n") == Lines{});
  CHECK(warned("total_limit = \"10m\"\n") ==
        Lines{"targets.a.total_limit: has no effect: chat.stream_deadline ends a stream after "
              "\"10m\"; take less"});
  CHECK(warned("total_limit = \"9m\"\n") == Lines{});
}
