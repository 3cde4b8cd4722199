#include "operator/relay/window_order.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;

/// Whether the mode is `hold`; none: it is neither `hold` nor `ttl`.
std::optional<bool> is_held(const json& body) {
  const json& mode = member(body, "mode");
  if (mode.is_null() || mode == "ttl") return false;
  if (mode == "hold") return true;
  return std::nullopt;
}

bool is_within(const json& ttl, std::chrono::seconds max) {
  if (ttl.is_number_unsigned()) {
    const auto seconds = ttl.get<std::uint64_t>();
    return seconds >= 1 && seconds <= static_cast<std::uint64_t>(max.count());
  }
  return false;
}

tl::unexpected<ApiAnswer> mistake(const char* name, std::string_view text, std::string_view type) {
  return tl::unexpected(unprocessable(name, text, type));
}

}  // namespace

tl::expected<json, ApiAnswer> window_order(const json& body, std::chrono::seconds max_ttl) {
  const std::optional<bool> held = is_held(body);
  if (!held) return mistake("mode", "Input should be 'ttl' or 'hold'", "enum");
  const json& ttl = member(body, "ttl_sec");
  if (!*held && ttl.is_null()) {
    return mistake("ttl_sec", "A window needs ttl_sec, or the mode hold", "missing");
  }
  if (!*held && !is_within(ttl, max_ttl)) {
    auto refused =
        mistake("ttl_sec", fmt::format("Input should be an integer from 1 to {}", max_ttl.count()),
                "int_range");
    refused.value().body["detail"][0]["ctx"] = {{"ge", 1}, {"le", max_ttl.count()}};
    return refused;
  }
  json order = {{"mode", *held ? "hold" : "ttl"}};
  for (const char* name : {"services", "reason", "replaces"}) {
    if (!member(body, name).is_null()) order[name] = body[name];
  }
  if (!*held) order["ttl_sec"] = ttl;
  return order;
}

tl::expected<std::string, ApiAnswer> window_choice(const json& body) {
  constexpr std::size_t kMaxIdBytes = 256;
  const json& id = member(body, "window_id");
  if (id.is_null()) return std::string();
  if (!id.is_string() || id.get_ref<const std::string&>().size() > kMaxIdBytes) {
    return mistake("window_id", "Input should be a text of at most 256 bytes", "string_type");
  }
  return id.get<std::string>();
}

}  // namespace backend
