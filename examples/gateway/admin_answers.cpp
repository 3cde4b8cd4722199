#include "gateway/admin_answers.hpp"

#include <chrono>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/log/log.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

vx11::HttpResponse json_answer(int status, const json& body) {
  return {status, "application/json", body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

vx11::HttpResponse mistake(std::string_view where, const std::string& what) {
  return json_answer(422, {{"error", "invalid_value"},
                           {"mistakes", {fmt::format("{}: {}", where, what)}},
                           {"status_code", 422}});
}

/// A value in the form of settings. A text that is no string, or missing, is a mistake.
template <class Value>
Complaint read_member(const json& body, std::string_view name, Value& into) {
  const auto member = body.find(name);
  if (member == body.end() || !member->is_string()) return "needs a text";
  return read(member->get_ref<const std::string&>(), into);
}

}  // namespace

vx11::HttpResponse answer_of(const ReloadResult& result) {
  if (!result.mistakes.empty()) {
    return json_answer(
        422,
        {{"error", "invalid_configuration"}, {"mistakes", result.mistakes}, {"status_code", 422}});
  }
  return json_answer(200, {{"status", "reloaded"},
                           {"warnings", result.warnings},
                           {"needs_restart", result.needs_restart}});
}

vx11::HttpResponse set_log_level(LogLevelControl& control, const std::string& text) {
  constexpr Duration kShortest = 1s;
  constexpr Duration kLongest = 24h;
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) return mistake("body", R"(must be like {"level":"debug","for":"10m"})");
  LogLevel level = LogLevel::info;
  if (auto complaint = read_member(body, "level", level)) return mistake("level", *complaint);
  Duration time = 10min;
  if (body.contains("for")) {
    if (auto complaint = read_member(body, "for", time)) return mistake("for", *complaint);
  }
  if (time < kShortest || time > kLongest) return mistake("for", "must be 1s to 24h");
  log_event(LogEvent::log_level_set,
            {{"new_level", unquoted(print(level))}, {"period", unquoted(print(time))}});
  control.set_for(level, time);
  return json_answer(200, {{"level", body.at("level")}, {"for_seconds", time / 1s}});
}

vx11::Task<vx11::HttpResponse> revoke(std::shared_ptr<vx11::RedisRevocations> revocations,
                                      std::string text) {
  constexpr Duration kLongest = 24h * 366;
  constexpr std::size_t kLongestName = 256;
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) {
    co_return mistake("body", R"(must be like {"principal":"ci","for":"24h"}; "0s" lifts it)");
  }
  const auto principal = body.value("principal", json());
  if (!principal.is_string() || principal.get_ref<const std::string&>().empty() ||
      principal.get_ref<const std::string&>().size() > kLongestName) {
    co_return mistake("principal", "must be the name of a token or the subject of a JWT");
  }
  Duration time = 24h;
  if (body.contains("for")) {
    if (auto complaint = read_member(body, "for", time)) co_return mistake("for", *complaint);
  }
  if (time < 0s || time > kLongest) co_return mistake("for", "must be 0s to 366d");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time);
  vx11::Task<vx11::Result<void>> revoking =
      revocations->revoke(principal.get<std::string>(), seconds);
  const vx11::Result<void> done = co_await std::move(revoking);
  if (!done) {
    co_return json_answer(503, {{"error", "not_revoked"}, {"status_code", 503}});
  }
  log_event(
      LogEvent::auth_principal_revoked,
      {{"principal", principal.get_ref<const std::string&>()}, {"period", unquoted(print(time))}});
  co_return json_answer(200, {{"principal", principal}, {"for_seconds", seconds.count()}});
}

}  // namespace gateway
