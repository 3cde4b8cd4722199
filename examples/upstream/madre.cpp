#include "madre.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "json_text.hpp"

namespace upstream {

using nlohmann::json;

namespace {

constexpr std::string_view kServicePrefix = "/madre/power/service/";

void set_outcome(Reply& reply, const Power::Outcome& outcome) {
  reply.set(outcome.status, outcome.body.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace

void Madre::answer(const Request& request, Reply& reply) {
  static constexpr std::array<Route<Madre>, 10> kRoutes{{
      {"POST", "/madre/chat", &Madre::chat},
      {"POST", "/madre/intent", &Madre::intent},
      {"GET", "/health", &Madre::health},
      {"GET", "/madre/power/state", &Madre::power_state},
      {"GET", "/madre/power/token", &Madre::power_token},
      {"GET", "/madre/power/status", &Madre::power_status},
      {"GET", "/madre/power/policy/solo_madre/status", &Madre::solo_madre_status},
      {"POST", "/madre/power/policy/solo_madre/apply", &Madre::apply_solo_madre},
      {"POST", "/madre/power/window/open", &Madre::open_window},
      {"POST", "/madre/power/window/close", &Madre::close_window},
  }};
  if (dispatch<Madre>(kRoutes, *this, request, reply)) return;
  if (request.path.substr(0, kServicePrefix.size()) == kServicePrefix) {
    service_command(request, reply);
  } else {
    reply_not_found(reply);
  }
}

void Madre::health(const Request& /*request*/, Reply& reply) {
  reply.calls_switch = settings_.health_calls_switch;
  reply.body = R"({"status":"ok","module":"madre"})";
}

void Madre::power_state(const Request& /*request*/, Reply& reply) {
  const auto state = power_.state(settings_.dialect, settings_.zoned_times);
  if (!state) {
    reply.set(500, "Internal Server Error");
    reply.content_type = "text/plain; charset=utf-8";
    return;
  }
  reply.body = state->dump();
}

void Madre::power_token(const Request& request, Reply& reply) {
  const std::chrono::milliseconds lifetime(settings_.power_token_ms);
  const json body = {{"status", "ok"},
                     {"token", power_.issue_token(request, lifetime)},
                     {"expires_in", lifetime.count() / 1000}};
  reply.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Accepts every object with a type, and builds nothing.
void Madre::intent(const Request& request, Reply& reply) {
  const auto order = json::parse(request.body, nullptr, false);
  if (!order.is_object() || !order.value("type", json()).is_string()) {
    reply.set(422, unprocessable("type", "Field required", "missing"));
    return;
  }
  const auto number = ++intents_;
  const json body = {{"intent_id", fmt::format("int-{:06}", number)},
                     {"status", "queued"},
                     {"plan_id", fmt::format("plan-{:06}", number)},
                     {"correlation_id", order.value("correlation_id", json())}};
  reply.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The time that docker takes for a command.
void Madre::take_time(Reply& reply) const {
  reply.delay = std::chrono::milliseconds(settings_.command_ms);
}

void Madre::power_status(const Request& /*request*/, Reply& reply) {
  reply.body = power_.status().dump();
}

void Madre::solo_madre_status(const Request& /*request*/, Reply& reply) {
  reply.body = power_.solo_madre_status().dump();
}

void Madre::apply_solo_madre(const Request& /*request*/, Reply& reply) {
  reply.body = power_.apply_solo_madre().dump();
  take_time(reply);
}

void Madre::open_window(const Request& request, Reply& reply) {
  set_outcome(reply,
              power_.open_window(json::parse(request.body, nullptr, false), settings_.zoned_times));
  take_time(reply);
}

void Madre::close_window(const Request& request, Reply& reply) {
  const auto order =
      request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
  set_outcome(reply, power_.close_window(order));
  take_time(reply);
}

void Madre::service_command(const Request& request, Reply& reply) {
  const auto rest = request.path.substr(kServicePrefix.size());
  const auto slash = rest.find('/');
  const auto action = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  if (action != "start" && action != "stop" && action != "restart") {
    reply_not_found(reply);
  } else if (request.method != "POST") {
    reply_method_not_allowed(reply, "POST");
  } else if (const auto wait = power_.excess(request, settings_.commands_per_minute)) {
    reply.set(429, R"({"detail":"rate_limited"})");
    reply.headers = fmt::format("retry-after: {}\r\n", wait->count());
  } else if (settings_.power_keys && !power_.may_apply(request)) {
    set_outcome(reply, power_.plan(rest.substr(0, slash), action));
  } else {
    set_outcome(reply, power_.command(rest.substr(0, slash), action));
    take_time(reply);
  }
}

void Madre::chat(const Request& request, Reply& reply) {
  ChatBody chat;
  if (auto complaint = read_chat(request.body, "message", "context", chat)) {
    reply.set(422, std::move(*complaint));
    return;
  }
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  reply.body = R"({"response":)";
  append_json_string(reply.body, "madre heard: " + chat.text);
  reply.body += R"(,"session_id":)";
  if (chat.session_id) {
    append_json_string(reply.body, *chat.session_id);
  } else {
    reply.body += "null";
  }
  fmt::format_to(std::back_inserter(reply.body), R"(,"queue_id":"q-{:06}"}})", ++chats_);
}

}  // namespace upstream
