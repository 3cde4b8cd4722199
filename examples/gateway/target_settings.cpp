#include "target_settings.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "field.hpp"

namespace gateway {

namespace {

/// The target of that name; that of a const configuration may be absent.
template <class Config>
auto& target_of(Config& config, const std::string& name) {
  if constexpr (std::is_const_v<Config>) {
    static const TargetConfig kDefault;
    const auto found = config.targets.find(name);
    return found == config.targets.end() ? kDefault : found->second;
  } else {
    return config.targets[name];
  }
}

template <class... Path>
auto target_field(Path... path) {
  return [=](const std::string& name) {
    return field_by([=](auto& config) -> auto& { return at(target_of(config, name), path...); });
  };
}

template <class Value, class... Path>
auto target_ranged(Value lowest, Value highest, Path... path) {
  return [=](const std::string& name) {
    return ranged_by(
        lowest,
        highest, [=](auto& config) -> auto& { return at(target_of(config, name), path...); });
  };
}

std::vector<TableMember> target_members() {
  using Target = TargetConfig;
  using Breaker = vx11::CircuitBreakerOptions;
  return {
      {.name = "dialect",
       .field = target_field(&Target::dialect),
       .doc = "The API that the target has: `openai` (llama.cpp, vLLM, Ollama, LM Studio, TGI, "
              "LiteLLM and hosts), `ollama` (`/api/chat`), `anthropic` (`/v1/messages`), `switch` "
              "or `madre`. Required.",
       .shown_default = "none"},
      {.name = "url",
       .field = target_field(&Target::url),
       .doc = "Its base URL, as clients of that API take it. Without a path the API's own: `/v1` "
              "for `openai` and `anthropic`. Required.",
       .shown_default = "none"},
      {.name = "model",
       .field = target_field(&Target::model),
       .doc = "The model that is asked for, in place of a client's. `ollama` and `anthropic` need "
              "one."},
      {.name = "key_file",
       .field = target_field(&Target::key_file),
       .doc = "A file whose first line is the key: sent as `Authorization: Bearer`, to `anthropic` "
              "as `x-api-key`, to `switch` and `madre` as `x-vx11-token`, which are otherwise sent "
              "`upstream.token`."},
      {.name = "headers",
       .field = target_field(&Target::headers),
       .doc = "Headers of every request to it; they replace those of the API and of the key of the "
              "same "
              "name.",
       .shown_default = "none"},
      {.name = "ca_file",
       .field = target_field(&Target::ca_file),
       .doc = "A PEM file with the certificate authorities for https. Empty: those of the system."},
      {.name = "limit",
       .field = target_ranged<Duration>(1ms, 1h, &Target::limit),
       .doc =
           "Time limit of one try: to the answer, or to the first piece of a streamed one. After "
           "that the next target of the route is asked."},
      {.name = "connect_limit",
       .field = target_ranged<Duration>(1ms, 1min, &Target::connect_limit),
       .doc = "Time limit of name look-up and connecting."},
      {.name = "silence",
       .field = target_ranged<Duration>(1ms, 1h, &Target::silence),
       .doc = "The longest time between two pieces of a streamed answer, of any kind; beside "
              "`chat.stream_silence`, which is about text."},
      {.name = "system_prompt",
       .field = target_field(&Target::system_prompt),
       .doc = "The system message of chats from `/operator/chat/ask`."},
      {.name = "history_tokens",
       .field = target_ranged<std::size_t>(0, 10'000'000, &Target::history_tokens),
       .doc =
           "How much of the session is sent as messages, newest first, in tokens, estimated as 4 "
           "bytes each."},
      {.name = "max_tokens",
       .field = target_ranged<std::uint32_t>(1, 10'000'000, &Target::max_tokens),
       .doc = "Limit of the answer for chats that have none. `anthropic` only, where the API "
              "requires it."},
      {.name = "extra_json",
       .field = target_field(&Target::extra_json),
       .doc = "Members added to requests, as the text of a JSON object: `'{\"temperature\":0.2}'`. "
              "Not added to the body of an OpenAI client for an `openai` target."},
      {.name = "breaker.failures_to_open",
       .field = target_ranged(1U, 1'000'000U, &Target::breaker, &Breaker::failures_to_open),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.name = "breaker.open_for",
       .field = target_ranged<Duration>(1ms, 24h, &Target::breaker, &Breaker::open_for),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.name = "breaker.probes",
       .field = target_ranged(1U, 1000U, &Target::breaker, &Breaker::probes),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},
  };
}

template <class Config>
auto& route_of(Config& config, const std::string& name) {
  if constexpr (std::is_const_v<Config>) {
    static const RouteConfig kDefault;
    const auto found = config.routes.find(name);
    return found == config.routes.end() ? kDefault : found->second;
  } else {
    return config.routes[name];
  }
}

std::vector<TableMember> route_members() {
  return {
      {.name = "targets",
       .field =
           [](const std::string& name) {
             return field_by([=](auto& config) -> auto& { return route_of(config, name).targets; });
           },
       .doc = "Names of targets in the order in which they are asked, `switch` and `madre` "
              "among them. Required.",
       .shown_default = "none"}};
}

template <class Map>
std::vector<std::string> names_in(const Map& tables) {
  std::vector<std::string> names;
  for (const auto& [name, table] : tables) names.push_back(name);
  return names;
}

std::vector<NamedTables> all_tables() {
  std::vector<NamedTables> all(2);
  all[0] = {.root = "targets",
            .doc = "An upstream of chats. Any number of them, in files only.",
            .members = target_members(),
            .create = [](GatewayConfig& config, const std::string& name) { config.targets[name]; },
            .names = [](const GatewayConfig& config) { return names_in(config.targets); }};
  all[1] = {.root = "routes",
            .doc = "Targets in an order. `chat.route` names the one of `/operator/chat/ask`.",
            .members = route_members(),
            .create = [](GatewayConfig& config, const std::string& name) { config.routes[name]; },
            .names = [](const GatewayConfig& config) { return names_in(config.routes); }};
  return all;
}

}  // namespace

const TableMember* NamedTables::find(std::string_view member) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [=](const TableMember& m) { return m.name == member; });
  return found == members.end() ? nullptr : &*found;
}

bool NamedTables::has_table(std::string_view name) const {
  return std::any_of(members.begin(), members.end(),
                     [=](const TableMember& m) { return table_of(m.name) == name; });
}

const std::vector<NamedTables>& named_tables() {
  static const std::vector<NamedTables> all = all_tables();
  return all;
}

const NamedTables* find_named_tables(std::string_view root) {
  const auto& all = named_tables();
  const auto found =
      std::find_if(all.begin(), all.end(), [=](const NamedTables& t) { return t.root == root; });
  return found == all.end() ? nullptr : &*found;
}

Complaint check_table_name(std::string_view name) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t kLongest = 32;
  constexpr std::array<std::string_view, 6> kReserved = {
      "switch", "switch_task", "madre", "madre_power", "redis", "tentaculo_link"};
  const bool is_valid = !name.empty() && name.size() <= kLongest &&
                        name.find_first_not_of(kCharacters) == std::string_view::npos;
  if (!is_valid) {
    return fmt::format("is not a name; take up to {} small letters, digits, _ and -", kLongest);
  }
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return "is the name of a part of the gateway; take another one";
  }
  return std::nullopt;
}

}  // namespace gateway
