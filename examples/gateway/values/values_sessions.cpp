#include <algorithm>
#include <array>
#include <utility>

#include "gateway/values/values.hpp"

namespace gateway {

namespace {

constexpr std::array<std::string_view, 6> kRedisSchemes = {
    "redis://",           "rediss://",        "redis+sentinel://",
    "rediss+sentinel://", "redis+cluster://", "rediss+cluster://"};

bool has_redis_scheme(std::string_view text) {
  return std::any_of(kRedisSchemes.begin(), kRedisSchemes.end(), [=](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  });
}

}  // namespace

Wanted wanted(const SessionPlace&) {
  return {"a place for sessions",
          R"("memory", "sqlite:PATH" or the URL of a Redis, such as "redis://127.0.0.1:6379")"};
}
Complaint read(std::string_view text, SessionPlace& into) {
  constexpr std::string_view kSqlite = "sqlite:";
  SessionPlace place;
  if (text.starts_with(kSqlite) && text.size() > kSqlite.size()) {
    place.sqlite_path = text.substr(kSqlite.size());
  } else if (has_redis_scheme(text)) {
    place.redis_url = text;  // `settle` reads the rest of it, together with `[redis]`
  } else if (text != "memory") {
    return not_a(wanted(into), text);
  }
  into = std::move(place);
  return std::nullopt;
}
std::string print(const SessionPlace& value) {
  if (value.redis_url) return in_quotes(mask_userinfo(*value.redis_url));
  return in_quotes(value.sqlite_path ? "sqlite:" + *value.sqlite_path : "memory");
}

}  // namespace gateway
