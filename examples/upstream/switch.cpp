#include "switch.hpp"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "faults.hpp"
#include "json_text.hpp"
#include "words.hpp"

namespace upstream {

using nlohmann::json;

namespace {

bool prefers_cli(const std::string& body) {
  const auto chat = json::parse(body, nullptr, false);
  const auto metadata = chat.is_object() ? chat.value("metadata", json()) : json();
  return metadata.is_object() && metadata.value("prefer_cli", json()) == true;
}

}  // namespace

void Switch::answer(const Request& request, Reply& reply) {
  static constexpr std::array<Route<Switch>, 3> kRoutes{{
      {"POST", "/switch/route-v5", &Switch::route},
      {"POST", "/switch/task", &Switch::task},
      {"GET", "/health", &Switch::health},
  }};
  if (!dispatch<Switch>(kRoutes, *this, request, reply)) reply_not_found(reply);
}

void Switch::health(const Request& /*request*/, Reply& reply) {
  reply.body = R"({"status":"ok","module":"switch"})";
}

void Switch::route(const Request& request, Reply& reply) {
  ChatBody chat;
  if (auto complaint = read_chat(request.body, "prompt", "metadata", chat)) {
    reply.set(422, std::move(*complaint));
    return;
  }
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  if (settings_.prefer_cli_queues && prefers_cli(request.body)) {
    reply.body = kQueuedReply;
    return;
  }
  const auto text = "switch heard: " + chat.text;
  // Events need chunked encoding, which HTTP/1.0 lacks.
  if (settings_.stream && request.accepts_events && request.version >= 11) {
    stream(text, reply);
  } else {
    append_answer(reply.body, text);
  }
}

void Switch::task(const Request& request, Reply& reply) {
  const auto order = json::parse(request.body, nullptr, false);
  if (!order.is_object() || !order.value("task_type", json()).is_string()) {
    reply.set(422, unprocessable("task_type", "Field required", "missing"));
    return;
  }
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  const json body = {{"status", "ok"},
                     {"queue_id", ++tasks_},
                     {"task_type", order["task_type"]},
                     {"provider", order.value("provider_hint", json())},
                     {"result", order.value("payload", json::object())}};
  reply.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
}

void Switch::append_answer(std::string& out, std::string_view text) const {
  out += R"({")";
  out += kReplyKeys[static_cast<std::size_t>(settings_.reply_key.load())];
  out += R"(":)";
  append_json_string(out, text);
  out += R"(,"model":"vx11-stub","provider":"local","latency_ms":)";
  const fmt::format_int latency(settings_.latency_ms.load());
  out.append(latency.data(), latency.size());
  out += '}';
}

void Switch::stream(std::string_view text, Reply& reply) const {
  const int chunks = settings_.stream_chunks;
  const auto told =
      chunks > 0 ? repeated(text, static_cast<std::size_t>(chunks)) : std::string(text);
  for (const auto word : words_of(told)) {
    std::string event = "event: message\ndata: {\"delta\":";
    append_json_string(event, word);
    reply.events.push_back(std::move(event) + "}\n\n");
  }
  std::string done = "event: done\ndata: ";
  append_answer(done, told);
  reply.events.push_back(std::move(done) + "\n\n");
  reply.content_type = "text/event-stream";
  reply.gap = std::chrono::milliseconds(settings_.stream_gap_ms);
  reply.error_event = "event: error\ndata: {\"error\":\"the model failed\"}\n\n";
}

}  // namespace upstream
