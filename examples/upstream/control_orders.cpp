#include "control_orders.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "refusals.hpp"

namespace upstream {

using nlohmann::json;

namespace {

constexpr int kMaxNumber = 24 * 60 * 60 * 1000;

std::string printable(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_count(const json& value) {
  return value.is_number_integer() && value >= 0 && value <= kMaxNumber;
}

int count_of(const json& order, const char* member, int least) {
  const auto& value = order[member];
  if (!is_count(value) || value < least) {
    throw BadOrder(fmt::format("{}: a whole number from {} to {}, not {}", member, least,
                               kMaxNumber, printable(value)));
  }
  return value.get<int>();
}

FaultKind kind_of(const json& order) {
  if (!order.contains("fault")) throw BadOrder("fault: missing");
  const auto& value = order["fault"];
  const auto name = value.is_number_integer() ? value.dump()
                    : value.is_string()       ? value.get<std::string>()
                                              : std::string();
  const auto kind = fault_named(name);
  if (!kind) throw BadOrder("fault: unknown kind " + printable(value));
  return *kind;
}

std::string path_of(const json& order) {
  const auto& value = order["path"];
  if (!value.is_string() || !value.get_ref<const std::string&>().starts_with('/'))
    throw BadOrder("path: a string that starts with /, not " + printable(value));
  return value.get<std::string>();
}

void refuse_unknown_members(const json& order) {
  constexpr std::array<std::string_view, 8> kMembers{"service", "fault",       "ms",    "path",
                                                     "times",   "retry_after", "after", "as"};
  for (const auto& [member, value] : order.items()) {
    if (std::find(kMembers.begin(), kMembers.end(), member) == kMembers.end())
      throw BadOrder(member + ": unknown member");
  }
}

std::string server_of(const json& order, FaultKind kind) {
  const auto& value = order["as"];
  if (!is_refusal(kind)) throw BadOrder(fmt::format("as: means nothing to {}", name_of(kind)));
  if (!value.is_string() || !is_server_of(kind, value.get_ref<const std::string&>()))
    throw BadOrder(fmt::format("as: one of {}, not {}", servers_of(kind), printable(value)));
  return value.get<std::string>();
}

void check_sense(const Fault& fault, const json& order) {
  const auto name = name_of(fault.kind);
  const bool of_time = fault.kind == FaultKind::slow || fault.kind == FaultKind::trickle;
  if (of_time && fault.wait.count() == 0) throw BadOrder(fmt::format("ms: needed by {}", name));
  if (!is_listener_fault(fault.kind)) return;
  for (const auto* member : {"path", "times", "ms"}) {
    if (order.contains(member)) {
      throw BadOrder(fmt::format("{}: means nothing to {}, which strikes before a request is read",
                                 member, name));
    }
  }
}

struct Knob {
  std::string_view name;
  std::string_view wants;
  bool (*fits)(const json& value);
  void (*turn)(Settings& settings, const json& value);
};

bool is_reply_key(const json& value) {
  return value.is_string() && std::find(kReplyKeys.begin(), kReplyKeys.end(),
                                        value.get_ref<const std::string&>()) != kReplyKeys.end();
}

void turn_reply_key(Settings& settings, const json& value) {
  const auto at = std::find(kReplyKeys.begin(), kReplyKeys.end(), value.get<std::string>());
  settings.reply_key = static_cast<ReplyKey>(at - kReplyKeys.begin());
}

template <std::atomic<bool> Settings::*Member>
constexpr Knob switch_knob(std::string_view name) {
  return {name, "true or false", [](const json& value) { return value.is_boolean(); },
          [](Settings& settings, const json& value) { settings.*Member = value.get<bool>(); }};
}

const std::array kKnobs{
    Knob{"dialect", "'windowed' or 'operative'",
         [](const json& value) { return value == "windowed" || value == "operative"; },
         [](Settings& settings, const json& value) {
           settings.dialect = value == "windowed" ? Dialect::windowed : Dialect::operative;
         }},
    Knob{"reply_key", "'response', 'reply' or 'message'", is_reply_key, turn_reply_key},
    switch_knob<&Settings::stream>("stream"),
    switch_knob<&Settings::zoned_times>("zoned_times"),
    switch_knob<&Settings::health_calls_switch>("health_calls_switch"),
    switch_knob<&Settings::power_keys>("power_keys"),
    switch_knob<&Settings::prefer_cli_queues>("prefer_cli_queues"),
    Knob{"command_ms", "a whole number from 0", is_count,
         [](Settings& settings, const json& value) { settings.command_ms = value.get<int>(); }},
    Knob{"commands_per_minute", "a whole number from 0", is_count,
         [](Settings& settings, const json& value) {
           settings.commands_per_minute = value.get<int>();
         }},
    Knob{"power_token_ms", "a whole number from 0", is_count,
         [](Settings& settings, const json& value) { settings.power_token_ms = value.get<int>(); }},
    Knob{"stream_chunks", "a whole number from 0",
         [](const json& value) { return is_count(value) && value <= 100000; },
         [](Settings& settings, const json& value) { settings.stream_chunks = value.get<int>(); }},
    Knob{"stream_gap_ms", "a whole number from 0", is_count,
         [](Settings& settings, const json& value) { settings.stream_gap_ms = value.get<int>(); }},
    Knob{
        "stream_released", "a whole number from 0 to 1000000",
        [](const json& value) { return is_count(value) && value <= kAllEvents; },
        [](Settings& settings, const json& value) { settings.stream_released = value.get<int>(); }},
    Knob{"latency_ms", "a whole number from 0", is_count,
         [](Settings& settings, const json& value) { settings.latency_ms = value.get<int>(); }},
};

const Knob& knob_for(const std::string& name, const json& value) {
  const auto* knob = std::find_if(kKnobs.begin(), kKnobs.end(),
                                  [&](const Knob& entry) { return entry.name == name; });
  if (knob == kKnobs.end()) throw BadOrder(name + ": unknown member");
  if (!knob->fits(value))
    throw BadOrder(fmt::format("{}: {}, not {}", name, knob->wants, printable(value)));
  return *knob;
}

}  // namespace

json parse_order(const std::string& body) {
  auto order = json::parse(body, nullptr, false);
  if (order.is_discarded()) throw BadOrder("body: not JSON");
  if (!order.is_object()) throw BadOrder("body: not an object");
  return order;
}

Fault read_fault(const json& order) {
  refuse_unknown_members(order);
  Fault fault;
  fault.kind = kind_of(order);
  if (order.contains("path")) fault.path = path_of(order);
  if (order.contains("ms")) fault.wait = std::chrono::milliseconds(count_of(order, "ms", 0));
  if (order.contains("times")) fault.times = count_of(order, "times", 1);
  if (order.contains("retry_after")) fault.retry_after = count_of(order, "retry_after", 0);
  if (order.contains("after")) fault.after = count_of(order, "after", 0);
  if (order.contains("as")) fault.as = server_of(order, fault.kind);
  check_sense(fault, order);
  return fault;
}

json fault_json(const Fault& fault) {
  json out = {{"fault", name_of(fault.kind)}, {"ms", fault.wait.count()}};
  if (!fault.path.empty()) out["path"] = fault.path;
  if (fault.times) out["times"] = *fault.times;
  if (fault.retry_after) out["retry_after"] = *fault.retry_after;
  if (is_stream_fault(fault.kind)) out["after"] = fault.after;
  if (!fault.as.empty()) out["as"] = fault.as;
  return out;
}

void apply_settings(const json& order, Settings& settings) {
  for (const auto& [name, value] : order.items()) knob_for(name, value);
  for (const auto& [name, value] : order.items()) knob_for(name, value).turn(settings, value);
}

json settings_json(const Settings& settings) {
  return {{"dialect", settings.dialect == Dialect::windowed ? "windowed" : "operative"},
          {"reply_key", kReplyKeys[static_cast<std::size_t>(settings.reply_key.load())]},
          {"stream", settings.stream.load()},
          {"stream_chunks", settings.stream_chunks.load()},
          {"stream_gap_ms", settings.stream_gap_ms.load()},
          {"stream_released", settings.stream_released.load()},
          {"latency_ms", settings.latency_ms.load()},
          {"command_ms", settings.command_ms.load()},
          {"zoned_times", settings.zoned_times.load()},
          {"health_calls_switch", settings.health_calls_switch.load()},
          {"power_keys", settings.power_keys.load()},
          {"commands_per_minute", settings.commands_per_minute.load()},
          {"power_token_ms", settings.power_token_ms.load()},
          {"prefer_cli_queues", settings.prefer_cli_queues.load()}};
}

}  // namespace upstream
