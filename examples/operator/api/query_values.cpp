#include "operator/api/query_values.hpp"

#include <vx11/rfc3339.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxLimit = 500;

bool is_plain(const std::string& text) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  return !has_control && bounded_text(text, text.size()) == text;
}

}  // namespace

ApiAnswer invalid_query(std::string_view name, std::string_view message, std::string_view type) {
  nlohmann::json mistake = {
      {"loc", nlohmann::json::array({"query", name})}, {"msg", message}, {"type", type}};
  nlohmann::json body = nlohmann::json::object();
  body["detail"] = nlohmann::json::array({std::move(mistake)});
  return ApiAnswer(422, std::move(body));
}

std::optional<std::uint64_t> parse_id(std::string_view digits) noexcept {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool is_number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!is_number) return std::nullopt;
  std::uint64_t id = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return error == std::errc() ? std::min(id, kLargest) : kLargest;
}

QueryValue<std::size_t> limit_of(const ApiCall& call) {
  const std::string text = call.query("limit");
  if (text.empty()) return kDefaultLimit;
  const auto limit = parse_id(text);
  if (limit && *limit >= 1 && *limit <= kMaxLimit) return static_cast<std::size_t>(*limit);
  return tl::unexpected(invalid_query("limit", "Input should be a number from 1 to 500", "int"));
}

QueryValue<std::optional<std::uint64_t>> id_of(const ApiCall& call, std::string_view name) {
  const std::string text = call.query(name);
  if (text.empty()) return std::nullopt;
  if (const auto id = parse_id(text); id && *id != 0) return id;
  return tl::unexpected(invalid_query(name, "Input should be `next_cursor` of a page", "cursor"));
}

QueryValue<std::optional<vx11::WallTime>> time_of(const ApiCall& call, std::string_view name) {
  const std::string text = call.query(name);
  if (text.empty()) return std::nullopt;
  if (const auto time = vx11::parse_rfc3339(text)) return time;
  return tl::unexpected(invalid_query(name, "Input should be a time such as 2026-01-01T02:49:43Z",
                                      "datetime_parsing"));
}

QueryValue<std::string> text_of(const ApiCall& call, std::string_view name, std::size_t most) {
  std::string text = call.query(name);
  if (text.size() > most) {
    return tl::unexpected(invalid_query(
        name, "Input should have at most " + std::to_string(most) + " bytes", "string_too_long"));
  }
  if (is_plain(text)) return text;
  return tl::unexpected(
      invalid_query(name, "Input should be UTF-8 without control characters", "string_unicode"));
}

bool wants_event_stream(const vx11::HttpRequest& request) {
  std::string accept(request.headers.get("Accept"));
  std::transform(accept.begin(), accept.end(), accept.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return accept.find("text/event-stream") != std::string::npos;
}

}  // namespace backend
