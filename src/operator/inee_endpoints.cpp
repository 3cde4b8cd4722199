#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/percent.hpp"
#include "json/edit.hpp"
#include "json/text.hpp"
#include "operator/answers.hpp"
#include "operator/body_fields.hpp"
#include "operator/endpoints.hpp"
#include "operator/relay.hpp"
#include "operator/routes.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view kColony = "colony_id";
constexpr std::size_t kMaxIdBytes = 256;
constexpr std::array<std::string_view, 1> kBodyNames = {kColony};

/// UTF-8: as JSON, which has no other bytes, it is the same as in the query.
bool is_utf8_without_controls(std::string_view text) {
  std::size_t at = 0;
  while ((at = json::skip_plain_or_utf8(text, at)) < text.size()) {
    if (text[at] != '"' && text[at] != '\\') return false;
    ++at;
  }
  return text.find('\x7F') == std::string_view::npos;
}

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= kMaxIdBytes && is_utf8_without_controls(text);
}

std::string_view query_of(std::string_view target) noexcept {
  const std::size_t at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

HttpResponse mistake(std::string_view location, std::string_view message) {
  Mistakes mistakes;
  mistakes.add(location, message, "value_error");
  return mistakes.answer();
}

HttpResponse bad_query() {
  return mistake(R"(["query","colony_id"])",
                 "Should be given once, as 1 to 256 bytes of UTF-8 without control characters");
}

/// The colony that the query names; empty: none.
tl::expected<std::string, HttpResponse> colony_in_query(std::string_view query) {
  std::string id;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != kColony) continue;
    const auto value =
        decode_percent(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!value || !is_id(*value) || (!id.empty() && id != *value)) {
      return tl::unexpected(bad_query());
    }
    id = *value;
  }
  return id;
}

/// What goes to hormiguero.
struct Passed {
  std::string path = {};  ///< With the query.
  std::string json = {};
};

/// The path below hormiguero's, with the argument encoded anew: it cannot leave its place.
std::optional<std::string> path_of(const Call& call) {
  constexpr std::string_view kOurs = "/operator/inee/";
  std::string path = "/hormiguero/inee/extended/";
  const std::string_view rest = call.route->pattern.text().substr(kOurs.size());
  const std::size_t argument = rest.find("{}");
  if (argument == std::string_view::npos) return path.append(rest);
  const auto value = decode_percent(call.argument);
  if (!value || !is_id(*value) || *value == "." || *value == "..") return std::nullopt;
  return path.append(rest.substr(0, argument)).append(encode_percent(*value));
}

std::string with_colony(std::string_view query, const std::string& id) {
  std::string text(query);
  if (!text.empty()) text += '&';
  return text.append(kColony).append("=").append(encode_percent(id));
}

/// hormiguero looks for the colony in the query or in the body, by the endpoint; so it is in both.
tl::expected<Passed, HttpResponse> read_call(const Call& call) {
  const auto path = path_of(call);
  if (!path) return tl::unexpected(mistake(R"(["path","id"])", "Should be the id of an account"));
  const std::string_view query = query_of(call.request.target);
  auto asked = colony_in_query(query);
  if (!asked) return tl::unexpected(std::move(asked.error()));
  Passed passed;
  std::string id = *asked;
  if (call.route->body == BodyRule::required) {
    auto fields = BodyFields::read(call.request.body, kBodyNames);
    if (!fields) return tl::unexpected(std::move(fields.error()));
    const std::string stated(fields->optional_word(0, kMaxIdBytes));
    if (!fields->are_good()) return tl::unexpected(fields->complaint());
    if (!asked->empty() && !stated.empty() && stated != *asked) {
      return tl::unexpected(
          mistake(R"(["query","colony_id"])", "Should be the same as in the body"));
    }
    if (id.empty()) id = stated;
    passed.json = call.request.body;
    if (!id.empty() && stated.empty()) {
      const std::string quoted = json::quoted(id);
      const std::array edits = {json::MemberEdit{.name = kColony, .json = quoted}};
      passed.json = json::with_members(passed.json, edits);
    }
  }
  const std::string whole =
      asked->empty() && !id.empty() ? with_colony(query, id) : std::string(query);
  passed.path = whole.empty() ? *path : *path + "?" + whole;
  return passed;
}

/// Why hormiguero must not be called; none if it runs.
std::optional<std::string_view> obstacle(const PowerReading& reading, const std::string& name) {
  if (!reading.state) return "power_state_unknown";
  if (contains(reading.state->running, name)) return std::nullopt;
  return offline_reason(Errc::asleep);
}

/// hormiguero's own status is passed on, but not the body, which may show its insides.
HttpResponse unavailable(const RouterTarget& target, const RelayFailure& why) {
  HttpResponse answer = relay_offline(target, why, "INEE is temporarily unavailable");
  if (why.status < 500) return answer;
  answer.status = why.status;
  if (why.retry_after <= Duration::zero()) answer.headers.remove("Retry-After");
  return answer;
}

}  // namespace

/// A sleeping hormiguero is not even connected to: only madre opens windows.
Task<HttpResponse> relay_inee(const Context& context, const Call& call) {
  auto passed = read_call(call);
  if (!passed) co_return std::move(passed.error());
  const RouterTarget& target = *context.options.inee;
  auto reading_it = context.options.power->async_reading(call.deadline);
  const std::shared_ptr<const PowerReading> reading = co_await std::move(reading_it);
  if (const auto why = obstacle(*reading, target.name)) {
    const RelayFailure failure(*why, Duration::zero());
    co_return unavailable(target, failure);
  }
  const HttpRequest request = relay_request(std::string(call.route->method), target,
                                            std::move(passed->path), std::move(passed->json), call);
  auto relaying = relay(context, target, request, call.deadline);
  Relayed relayed = co_await std::move(relaying);
  if (!relayed) co_return unavailable(target, relayed.error());
  HttpResponse answer = json_answer(relayed->status, std::move(relayed->json));
  add_retry_after(answer, relayed->retry_after);
  co_return answer;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
