#include <vx11/power_state_client.hpp>
#include <vx11/rfc3339.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "json/representable.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Json = nlohmann::json;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr std::string_view kSelf = "tentaculo_link";
/// The services that the deployed madre lists as running beside those of its window.
constexpr std::array<std::string_view, 2> kWindowless = {"madre", "redis"};
constexpr std::array<std::string_view, 12> kServices = {
    "madre", kSelf,           "redis",   "switch",       "hermes",           "hormiguero",
    "mcp",   "shubniggurath", "spawner", "manifestator", "operator-backend", "operator-frontend"};

/// The longest time that is read, 31 years: sums with it do not overflow.
constexpr seconds kLongest(1'000'000'000);

/// The document; null if it is none. Most need no changes, so they are parsed as they are first.
Json parsed(std::string_view text) {
  // The parser treats a NUL as the end of its input.
  if (text.find('\0') != std::string_view::npos) return nullptr;
  Json document = Json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) {
    document = Json::parse(json::representable(text), nullptr, false);
  }
  return document;
}

/// Parses madre's document. Continues after a mistake, and keeps the first.
class Reader {
 public:
  explicit Reader(WallTime now) noexcept : now_(now) {}

  PowerState contract_dialect(const Json& document) {
    PowerState state;
    state.policy = policy(document, {{"solo_madre", PowerPolicy::solo_madre},
                                     {"operative_core", PowerPolicy::operative_core},
                                     {"full", PowerPolicy::full}});
    arrange(state, names(document, "running_services"));
    for (const Json& entry : list(document, "active_windows")) {
      if (entry.is_object()) {
        state.windows.push_back(window(entry));
      } else {
        refuse("active_windows");
      }
    }
    return state;
  }

  PowerState deployed_dialect(const Json& document) {
    PowerState state;
    state.policy = policy(document, {{"solo_madre", PowerPolicy::solo_madre},
                                     {"windowed", PowerPolicy::operative_core}});
    const Names active = names(document, "active_services");
    arrange(state, active);
    if (member(document, "window_id").is_null()) return state;
    PowerWindow& open = state.windows.emplace_back();
    open.id = text(document, "window_id");
    open.created_at = timestamp(document, "created_at");
    open.ttl = whole_ttl(document);
    open.remaining = remaining(document, open);
    std::copy_if(state.running.begin(), state.running.end(), std::back_inserter(open.services),
                 [lists_self = contains(active, kSelf)](const std::string& name) {
                   return (lists_self || name != kSelf) && !contains(kWindowless, name);
                 });
    return state;
  }

  Result<PowerState> result(PowerState state) const {
    if (mistake_.empty()) return state;
    return fail(Errc::invalid_reply, "power state without a valid " + std::string(mistake_));
  }

 private:
  using Policies = std::initializer_list<std::pair<std::string_view, PowerPolicy>>;

  PowerPolicy policy(const Json& document, Policies known) {
    const std::string name = text(document, "policy");
    for (const auto& [word, policy] : known) {
      if (word == name) return policy;
    }
    refuse("policy");
    return PowerPolicy::solo_madre;
  }

  PowerWindow window(const Json& entry) {
    PowerWindow read;
    read.id = text(entry, "window_id");
    read.created_at = timestamp(entry, "created_at");
    read.ttl = duration(entry, "ttl_seconds");
    read.remaining = remaining(entry, read);
    read.services = names(entry, "services");
    return read;
  }

  /// As madre says, or else calculated from when the window was opened.
  std::optional<seconds> remaining(const Json& object, const PowerWindow& window) {
    if (const auto said = duration(object, "ttl_remaining_sec")) return said;
    if (!window.ttl || !window.created_at) return std::nullopt;
    const WallTime end = *window.created_at + *window.ttl;
    return std::clamp(std::chrono::floor<seconds>(end - now_), seconds(0), kLongest);
  }

  /// The deployed madre sends the end of its window; the contract sends its total duration.
  std::optional<seconds> whole_ttl(const Json& document) {
    const auto created = timestamp(document, "created_at");
    const auto deadline = timestamp(document, "deadline");
    const auto remaining = duration(document, "ttl_remaining_sec");
    if (!created || !deadline || *deadline < *created) return remaining;
    return std::min(std::chrono::round<seconds>(*deadline - *created), kLongest);
  }

  static void arrange(PowerState& state, Names running) {
    if (!contains(running, kSelf)) running.emplace_back(kSelf);
    for (const std::string_view service : kServices) {
      (contains(running, service) ? state.running : state.available).emplace_back(service);
    }
    std::copy_if(running.begin(), running.end(), std::back_inserter(state.running),
                 [](const std::string& name) { return !is_known_service(name); });
  }

  static const Json& member(const Json& object, const char* name) {
    static const Json null;
    const auto at = object.find(name);
    return at == object.end() ? null : *at;
  }

  std::string text(const Json& object, const char* name) {
    const Json& value = member(object, name);
    if (value.is_string()) return value.get<std::string>();
    refuse(name);
    return {};
  }

  const Json& list(const Json& object, const char* name) {
    static const Json empty = Json::array();
    const Json& value = member(object, name);
    if (value.is_array()) return value;
    refuse(name);
    return empty;
  }

  /// Each name once, in the order given.
  Names names(const Json& object, const char* name) {
    Names read;
    std::set<std::string> seen;
    for (const Json& entry : list(object, name)) {
      const auto* service = entry.get_ptr<const std::string*>();
      if (service == nullptr) {
        refuse(name);
      } else if (seen.insert(*service).second) {
        read.push_back(*service);
      }
    }
    return read;
  }

  /// None for null or a missing member. May be negative for a window that has just expired.
  std::optional<seconds> duration(const Json& object, const char* name) {
    constexpr auto kMost = static_cast<double>(kLongest.count());
    const Json& value = member(object, name);
    if (value.is_number()) {
      return seconds(std::llround(std::clamp(value.get<double>(), 0.0, kMost)));
    }
    if (!value.is_null()) refuse(name);
    return std::nullopt;
  }

  /// None if there is no valid time: no decision depends on it.
  static std::optional<WallTime> timestamp(const Json& object, const char* name) {
    const auto* value = member(object, name).get_ptr<const std::string*>();
    return value == nullptr ? std::nullopt : parse_rfc3339(*value);
  }

  void refuse(std::string_view what) {
    if (mistake_.empty()) mistake_ = what;
  }

  WallTime now_;
  std::string_view mistake_ = {};
};

}  // namespace

std::string_view to_string(PowerPolicy policy) noexcept {
  switch (policy) {
    case PowerPolicy::solo_madre:
      return "solo_madre";
    case PowerPolicy::operative_core:
      return "operative_core";
    case PowerPolicy::full:
      return "full";
  }
  return "unknown";
}

const std::vector<std::string>& known_services() {
  static const Names services(kServices.begin(), kServices.end());
  return services;
}

bool is_known_service(std::string_view name) noexcept {
  return contains(kServices, name);
}

Result<PowerState> parse_power_state(std::string_view text, WallTime now) {
  const Json document = parsed(text);
  if (!document.is_object()) return fail(Errc::invalid_reply, "not a JSON object");
  Reader reader(now);
  const bool is_deployed =
      document.contains("active_services") && !document.contains("running_services");
  return reader.result(is_deployed ? reader.deployed_dialect(document)
                                   : reader.contract_dialect(document));
}

}  // namespace v0
}  // namespace vx11
