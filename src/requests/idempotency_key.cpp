#include "requests/idempotency_key.hpp"

#include <vx11/token_file.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace requests {

namespace {

constexpr std::size_t kLongest = 255;

/// The content of a string of structured fields, `text` without its first quote.
std::optional<std::string> unquoted(std::string_view text) {
  std::string key;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '"') return at + 1 == text.size() ? std::optional(std::move(key)) : std::nullopt;
    if (c == '\\') {
      if (++at == text.size()) return std::nullopt;
      c = text[at];
      if (c != '"' && c != '\\') return std::nullopt;
    }
    if (c < ' ' || c > '~') return std::nullopt;
    key += c;
  }
  return std::nullopt;  // no quote at its end
}

std::optional<std::string> bare(std::string_view text) {
  const bool is_visible =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  return is_visible ? std::optional(std::string(text)) : std::nullopt;
}

/// The parts with their lengths, so that no two lists of parts give the same text.
std::string framed(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return text;
}

std::string_view bytes_of(const Sha256& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string_view query_of(std::string_view target) noexcept {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark);
}

}  // namespace

std::optional<std::string> idempotency_key(const Headers& headers) {
  if (headers.count(kIdempotencyKey) != 1) return std::nullopt;
  const std::string_view sent = headers.get(kIdempotencyKey);
  auto key = sent.starts_with('"') ? unquoted(sent.substr(1)) : bare(sent);
  const bool is_long = key && (key->empty() || key->size() > kLongest);
  return is_long ? std::nullopt : key;
}

/// The origin of a page belongs to the key: an answer names the origin that may read it.
Result<IdempotencyId> identify(std::string_view key, std::string_view route,
                               const HttpAdmission& admission, const HttpRequest& request) {
  const auto& principal = admission.match().principal;
  const std::string_view who = principal ? std::string_view(*principal) : std::string_view();
  const auto of_key =
      digest_of(framed({principal ? "1" : "0", who, route, request.headers.get("Origin"), key}));
  const auto of_body = digest_of(request.body);
  if (!of_key || !of_body) return fail(Errc::exhausted, "no memory for a digest");
  const auto of_content = digest_of(
      framed({bytes_of(*of_body), request.headers.get("Accept"), query_of(request.target)}));
  if (!of_content) return fail(of_content.error());
  return IdempotencyId(*of_key, *of_content);
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
