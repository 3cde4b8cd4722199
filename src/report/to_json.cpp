#include <vx11/to_json.hpp>

#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

namespace vx11 {
inline namespace v0 {

namespace {

using Json = nlohmann::ordered_json;

/// Text from outside may not be valid UTF-8; invalid sequences become U+FFFD.
std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// Parses JSON that the library holds as text.
Json parsed(const std::string& json) {
  Json value = Json::parse(json, nullptr, false);
  return value.is_discarded() ? Json::object() : value;
}

Json error_object(const Error& error) {
  Json json = {
      {"code", to_string(error.code)}, {"upstream", error.upstream}, {"detail", error.detail}};
  if (error.retry_after > Duration::zero()) json["retry_after_ms"] = ms(error.retry_after);
  return json;
}

Json ledger(const std::vector<Attempt>& attempts) {
  Json list = Json::array();
  for (const Attempt& attempt : attempts) {
    list.push_back({{"target", attempt.target},
                    {"outcome", to_string(attempt.outcome)},
                    {"elapsed_ms", ms(attempt.elapsed)}});
  }
  return list;
}

Json power_object(const PowerState& state) {
  Json windows = Json::array();
  for (const PowerWindow& window : state.windows) {
    windows.push_back({{"id", window.id},
                       {"created_at", window.created_at ? to_rfc3339(*window.created_at) : ""},
                       {"ttl_s", window.ttl ? Json(window.ttl->count()) : Json(nullptr)},
                       {"services", window.services}});
  }
  return {{"policy", to_string(state.policy)},
          {"windows", windows},
          {"running", state.running},
          {"available", state.available}};
}

Json component_object(const ComponentHealth& component) {
  return {{"name", component.name},
          {"status", to_string(component.health)},
          {"port", component.port},
          {"required", component.required},
          {"reason", component.reason},
          {"error", component.error},
          {"latency_ms", ms(component.latency)},
          {"checked_at", to_rfc3339(component.checked_at)},
          {"source", to_string(component.source)}};
}

Json message_list(const std::vector<Message>& messages) {
  Json list = Json::array();
  for (const Message& message : messages) {
    list.push_back({{"role", message.role},
                    {"content", message.content},
                    {"timestamp", to_rfc3339(message.timestamp)},
                    {"metadata", parsed(message.metadata_json)}});
  }
  return list;
}

}  // namespace

std::string to_json(const Error& error) {
  return text(error_object(error));
}

std::string to_json(const ChatFailure& failure) {
  Json json = error_object(failure);
  json["attempts"] = ledger(failure.attempts);
  json["retry_after_ms"] = ms(failure.retry_after);
  return text(json);
}

std::string to_json(const ChatReply& reply) {
  return text({{"text", reply.text},
               {"source", reply.source},
               {"rank", reply.rank},
               {"reason", reply.reason},
               {"attempts", ledger(reply.attempts)},
               {"upstream", parsed(reply.upstream_json)}});
}

std::string to_json(const CircuitSnapshot& snapshot) {
  return text({{"state", to_string(snapshot.state)},
               {"generation", snapshot.generation},
               {"failures", snapshot.failures},
               {"retry_after_ms", ms(snapshot.retry_after)}});
}

std::string to_json(const PowerState& state) {
  return text(power_object(state));
}

std::string to_json(const MadreReply& reply) {
  return text({{"status", reply.status}, {"answer", parsed(reply.json)}});
}

std::string to_json(const HealthReport& report) {
  Json components = Json::array();
  for (const ComponentHealth& component : report.components) {
    components.push_back(component_object(component));
  }
  return text({{"overall", to_string(report.overall)},
               {"components", components},
               {"power", report.power ? power_object(*report.power) : Json(nullptr)}});
}

std::string to_json(const std::vector<Message>& messages) {
  return text(message_list(messages));
}

std::string to_json(const std::optional<Session>& session) {
  if (!session) return "null";
  return text({{"id", session->id},
               {"user_id", session->user_id},
               {"created_at", to_rfc3339(session->created_at)},
               {"last_accessed", to_rfc3339(session->last_accessed)},
               {"messages", message_list(session->messages)}});
}

}  // namespace v0
}  // namespace vx11
