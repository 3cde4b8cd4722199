#include "operator/logins/credential.hpp"

#include <vx11/headers.hpp>

#include <algorithm>
#include <vector>

#include "operator/api/api_answers.hpp"

namespace backend {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// Of `Authorization: Bearer`; empty for another scheme.
std::string_view bearer_of(std::string_view value) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (!vx11::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return {};
  return trimmed(value.substr(kScheme.size()));
}

std::vector<std::string_view> tokens_of(const vx11::Headers& headers) {
  std::vector<std::string_view> tokens;
  for (const vx11::Header field : headers) {
    std::string_view token;
    if (vx11::equals_ignoring_case(field.name, "x-vx11-token")) token = trimmed(field.value);
    if (vx11::equals_ignoring_case(field.name, "authorization")) token = bearer_of(field.value);
    if (!token.empty()) tokens.push_back(token);
  }
  return tokens;
}

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127; });
}

}  // namespace

std::vector<std::string_view> cookies_of(const vx11::Headers& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const vx11::Header field : headers) {
    if (!vx11::equals_ignoring_case(field.name, "cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view pair = trimmed(rest.substr(0, rest.find(';')));
      rest.remove_prefix(
          std::min(rest.size(), rest.find(';') == rest.npos ? rest.size() : rest.find(';') + 1));
      const std::size_t equals = pair.find('=');
      if (equals != pair.npos && pair.substr(0, equals) == name) {
        values.push_back(pair.substr(equals + 1));
      }
    }
  }
  return values;
}

tl::expected<Credential, ApiAnswer> credential_of(const vx11::Headers& headers) {
  Credential credential;
  const auto tokens = tokens_of(headers);
  if (!tokens.empty()) {
    const bool is_one = std::all_of(tokens.begin(), tokens.end(),
                                    [&](auto token) { return token == tokens.front(); });
    if (!is_one || !is_visible(tokens.front())) return tl::unexpected(refusal(403, "forbidden"));
    credential.token = std::string(tokens.front());
    return credential;
  }
  const auto cookies = cookies_of(headers, kLoginCookie);
  if (cookies.empty()) return credential;
  if (cookies.size() > 1) return tl::unexpected(refusal(403, "forbidden"));
  credential.login = LoginSecret::parse(cookies.front());
  if (!credential.login) {
    return tl::unexpected(refusal(401, "login_expired", "the login has ended; log in again"));
  }
  return credential;
}

}  // namespace backend
