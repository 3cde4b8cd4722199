#include "operator/api/api_answers.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::erase_if(small, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

/// `application/json` or a `+json` type, in UTF-8. Without Content-Type a body counts as that.
bool is_json(std::string_view content_type) {
  const std::string whole = in_small_letters(content_type);
  const std::string_view type = std::string_view(whole).substr(0, whole.find(';'));
  const std::size_t charset = whole.find(";charset=");
  const bool is_utf8 = charset == whole.npos || whole.find("utf-8", charset) != whole.npos ||
                       whole.find("utf8", charset) != whole.npos;
  return is_utf8 && (type.empty() || type == "application/json" || type.ends_with("+json"));
}

ApiAnswer unsupported(std::string_view field, std::string_view accepted, std::string_view message) {
  ApiAnswer answer = refusal(415, "unsupported_media_type", message);
  answer.headers.add(field, accepted);
  return answer;
}

}  // namespace

ApiAnswer refusal(int status, std::string_view word, std::string_view message) {
  json body = {{"error", word}, {"status_code", status}};
  if (!message.empty()) body["message"] = message;
  return ApiAnswer(status, std::move(body));
}

ApiAnswer off_by_policy(const PolicyRefusal& refusal) {
  json body = {{"status", "OFF_BY_POLICY"},
               {"service", refusal.service},
               {"message", refusal.message},
               {"reason", refusal.reason},
               {"recommended_action", refusal.recommended_action}};
  return ApiAnswer(403, std::move(body));
}

ApiAnswer service_offline(std::string_view module, std::string_view reason,
                          std::string_view message) {
  json body = {
      {"status", "service_offline"}, {"module", module}, {"reason", reason}, {"message", message}};
  ApiAnswer answer(503, std::move(body));
  answer.headers.add("Retry-After", "5");
  return answer;
}

ApiAnswer storage_offline(const vx11::Error& error) {
  ApiAnswer answer = service_offline("database", "storage", "The database cannot be used now.");
  answer.body["detail"] = error.detail;
  return answer;
}

ApiAnswer unprocessable(std::string_view member, std::string_view message, std::string_view type) {
  json where = json::array({"body"});
  if (!member.empty()) where.push_back(member);
  json mistake = {{"loc", std::move(where)}, {"msg", message}, {"type", type}};
  json body = json::object();
  body["detail"] = json::array({std::move(mistake)});
  return ApiAnswer(422, std::move(body));
}

tl::expected<json, ApiAnswer> json_object(const ApiCall& call) {
  if (!is_json(call.request.headers.get("Content-Type"))) {
    return tl::unexpected(unsupported("Accept", "application/json", "send JSON in UTF-8"));
  }
  const std::string coding = in_small_letters(call.request.headers.get("Content-Encoding"));
  if (!coding.empty() && coding != "identity") {
    return tl::unexpected(
        unsupported("Accept-Encoding", "identity", "send the body without compression"));
  }
  if (call.request.body.empty()) return json::object();
  auto body = parse_bounded(call.request.body);
  if (!body) {
    return tl::unexpected(
        unprocessable({}, "Invalid JSON, or nested more than 64 levels", "json_invalid"));
  }
  if (body->is_object()) return *std::move(body);
  return tl::unexpected(unprocessable({}, "Input should be an object", "dict_type"));
}

std::string to_text(const json& json) {
  return json.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace backend
