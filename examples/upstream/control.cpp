#include "control.hpp"

#include <array>

#include "control_orders.hpp"

namespace upstream {

using nlohmann::json;

void Control::answer(const Request& request, Reply& reply) {
  static constexpr std::array<Route<Control>, 8> kRoutes{{
      {"GET", "/health", &Control::health},
      {"POST", "/__fault", &Control::fault},
      {"GET", "/__faults", &Control::faults},
      {"POST", "/__heal", &Control::heal},
      {"POST", "/__reset", &Control::reset},
      {"POST", "/__restart", &Control::restart},
      {"POST", "/__set", &Control::set},
      {"GET", "/__last", &Control::last},
  }};
  try {
    if (!dispatch<Control>(kRoutes, *this, request, reply)) reply_not_found(reply);
  } catch (const BadOrder& bad) {
    const json body = {{"error", "bad_request"}, {"detail", bad.what()}};
    reply.set(400, body.dump(-1, ' ', false, json::error_handler_t::replace));
  }
}

void Control::health(const Request& /*request*/, Reply& reply) {
  reply.body = R"({"status":"ok","module":"control"})";
}

void Control::fault(const Request& request, Reply& reply) {
  const auto order = parse_order(request.body);
  if (!order.contains("service")) throw BadOrder("service: missing");
  if (!order["service"].is_string()) throw BadOrder("service: not a string");
  auto& target = target_named(order["service"].get<std::string>());
  target.site.faults.set(read_fault(order));
  target.listener.show(target.site.faults.listener_fault());
  faults(request, reply);
}

void Control::faults(const Request& /*request*/, Reply& reply) {
  json out = json::object();
  for (const auto& target : targets_) {
    out[target.name] = json::array();
    for (const auto& fault : target.site.faults.all())
      out[target.name].push_back(fault_json(fault));
  }
  reply.body = out.dump(-1, ' ', false, json::error_handler_t::replace);
}

void Control::heal(const Request& request, Reply& reply) {
  for (auto& target : targets_) {
    target.site.faults.clear();
    target.listener.show(FaultKind::none);
  }
  faults(request, reply);
}

void Control::reset(const Request& /*request*/, Reply& reply) {
  ledger_.reset();
  reply.body = ledger_.counts();
}

void Control::restart(const Request& /*request*/, Reply& reply) {
  madre_.restart();
  reply.body = R"({"status":"restarted"})";
}

void Control::set(const Request& request, Reply& reply) {
  apply_settings(parse_order(request.body), settings_);
  reply.body = settings_json(settings_).dump();
}

void Control::last(const Request& /*request*/, Reply& reply) {
  reply.body = ledger_.last();
}

Control::Target& Control::target_named(std::string_view name) {
  for (auto& target : targets_) {
    if (target.name == name) return target;
  }
  throw BadOrder("service: '" + std::string(name) + "' is not served here");
}

}  // namespace upstream
