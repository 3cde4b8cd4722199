#pragma once

/// \file
/// The power endpoints over a scripted madre.

#include <string>
#include <vector>

#include "operator_site.hpp"

namespace operator_power_site {

using namespace operator_site;

struct Order {
  std::string method;
  std::string target;
  std::string at_madre;
};

/// The commands, and their paths at madre.
inline const std::vector<Order> kOrders = {
    {"POST", "/operator/power/policy/solo_madre/apply", "/madre/power/policy/solo_madre/apply"},
    {"POST", "/operator/power/service/switch/start", "/madre/power/service/switch/start"},
    {"POST", "/operator/power/service/hermes/stop", "/madre/power/service/hermes/stop"},
    {"POST", "/operator/power/service/operator-backend/restart",
     "/madre/power/service/operator-backend/restart"},
    {"POST", "/operator/power/window/open", "/madre/power/window/open"},
    {"POST", "/operator/power/window/close", "/madre/power/window/close"},
};

/// Every endpoint that asks madre.
inline std::vector<Order> all_orders() {
  std::vector<Order> all = kOrders;
  all.push_back({"GET", "/operator/power/state", "/madre/power/state"});
  all.push_back({"GET", "/operator/power/status", "/madre/power/status"});
  all.push_back(
      {"GET", "/operator/power/policy/solo_madre/status", "/madre/power/policy/solo_madre/status"});
  return all;
}

struct Power : Site {
  HttpResponse give(const Order& order) {
    if (order.method == "GET") return get(order.target);
    const bool opens = order.target.ends_with("open");
    return post(order.target, opens ? R"({"services":["switch"]})" : "");
  }
  HttpResponse open(const std::string& body) { return post("/operator/power/window/open", body); }
  json asked() const { return json::parse(to_power->requests().back().body); }
};

}  // namespace operator_power_site
