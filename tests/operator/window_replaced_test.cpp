// A window that is opened in place of another: how one is extended.

#include <string>

#include <doctest/doctest.h>

#include "gateway_site.hpp"

namespace {

using namespace gateway_site;

constexpr const char* kOpen = "POST /operator/power/window/open";

ApiAnswer replace(Site& site, const json& id = "win-1") {
  return site.call("POST", "/chat/window/open",
                   {{"services", {"switch"}}, {"ttl_sec", 60}, {"replaces", id}});
}

TEST_CASE("the window to replace is named to the gateway, in audit and event") {
  Site site;
  site.gateway->answers(kState, 200, with_window("win-2", 60));
  site.gateway->answers(kOpen, 200, {{"window_id", "win-2"}, {"closed_window_id", "win-1"}});
  const ApiAnswer answer = replace(site);
  CHECK(answer.status == 200);
  CHECK(answer.body["window_id"] == "win-2");
  CHECK(json::parse(site.gateway->last(kOpen).body)["replaces"] == "win-1");
  CHECK(site.audit->all.back().detail["replaces"] == "win-1");
  CHECK(site.events->last().summary == "ana replaced the window by one for switch");
}

TEST_CASE("a window to replace that is not the open one is shown with that one") {
  Site site;
  site.gateway->answers(kState, 200, with_window("win-7", 60));
  site.gateway->answers(kOpen, 404, {{"error", "window_not_open"}, {"status_code", 404}});
  const ApiAnswer answer = replace(site);
  CHECK(answer.status == 409);
  CHECK(answer.body["error"] == "window_mismatch");
  CHECK(answer.body["window"]["window_id"] == "win-7");
  CHECK(site.audit->all.back().outcome == "refused");
}

TEST_CASE("a refusal after the close says which window was closed") {
  Site site;
  site.gateway->answers(kOpen, 400, {{"detail", "no room"}, {"closed_window_id", "win-1"}});
  const ApiAnswer refused = replace(site);
  CHECK(refused.status == 400);
  CHECK(refused.body["message"] == "no room; the window win-1 was closed for it");
  site.gateway->answers(kOpen, 503,
                        {{"status", "service_offline"},
                         {"module", "madre"},
                         {"reason", "timeout"},
                         {"message", "Power management temporarily unavailable"},
                         {"closed_window_id", "win-1"}});
  const ApiAnswer offline = replace(site);
  CHECK(offline.status == 503);
  CHECK(offline.body["message"] ==
        "Power management temporarily unavailable; the window win-1 was closed for it");
  CHECK_FALSE(offline.body.contains("closed_window_id"));
}

}  // namespace
