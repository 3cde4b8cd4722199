#include "websocket/handshake.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace vx11 {
inline namespace v0 {
namespace websocket {

namespace {

constexpr std::string_view kVersion = "13";
constexpr std::size_t kKeyBytes = 24;  // the base64 of 16 bytes

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The members of a list that may be spread over several fields of that name.
std::vector<std::string_view> members_of(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> members;
  for (const Header header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (const auto member = trimmed(rest.substr(0, comma)); !member.empty()) {
        members.push_back(member);
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return members;
}

bool has_member(const Headers& headers, std::string_view name, std::string_view member) {
  const auto members = members_of(headers, name);
  return std::any_of(members.begin(), members.end(),
                     [=](std::string_view each) { return equals_ignoring_case(each, member); });
}

/// The value of a field that a handshake has once (RFC 6455, 11.3); empty: absent, or repeated.
std::string_view lone_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> value;
  for (const Header header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    if (value) return {};
    value = trimmed(header.value);
  }
  return value.value_or(std::string_view());
}

bool is_key(std::string_view text) noexcept {
  const auto is_digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return text.size() == kKeyBytes && text.ends_with("==") &&
         std::all_of(text.begin(), text.end() - 2, is_digit);
}

HttpResponse refusal(int status, std::string_view error, std::string_view message) {
  return HttpResponse(
      status, "application/json",
      fmt::format(R"({{"error":"{}","status_code":{},"message":"{}"}})", error, status, message));
}

HttpResponse not_a_handshake(std::string_view message) {
  return refusal(400, "bad_request", message);
}

/// None: the client offers none of them.
std::optional<std::string_view> chosen(const Headers& headers,
                                       const std::vector<std::string>& subprotocols) {
  if (subprotocols.empty()) return std::string_view();
  for (const std::string_view offered : members_of(headers, "Sec-WebSocket-Protocol")) {
    if (std::find(subprotocols.begin(), subprotocols.end(), offered) != subprotocols.end()) {
      return offered;
    }
  }
  return std::nullopt;
}

/// None: it is a handshake.
std::optional<HttpResponse> mistake_in(const HttpRequest& request) {
  const Headers& headers = request.headers;
  if (request.method != "GET") {
    HttpResponse answer = refusal(405, "method_not_allowed", "a WebSocket is opened by GET");
    answer.headers.add("Allow", "GET");
    return answer;
  }
  if (!has_member(headers, "Upgrade", "websocket") ||
      !has_member(headers, "Connection", "Upgrade")) {
    HttpResponse answer =
        refusal(426, "upgrade_required", "this is a WebSocket; ask for an upgrade");
    answer.headers.add("Upgrade", "websocket");
    return answer;
  }
  if (lone_value(headers, "Sec-WebSocket-Version") != kVersion) {
    HttpResponse answer = refusal(426, "upgrade_required", "only version 13 is spoken");
    answer.headers.add("Upgrade", "websocket");
    answer.headers.add("Sec-WebSocket-Version", kVersion);
    return answer;
  }
  if (!is_key(lone_value(headers, "Sec-WebSocket-Key"))) {
    return not_a_handshake("Sec-WebSocket-Key must be the base64 of 16 bytes, once");
  }
  return std::nullopt;
}

}  // namespace

std::string accept_of(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  std::array<unsigned char, 29> encoded{};
  EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return reinterpret_cast<const char*>(encoded.data());
}

HttpResponse answer_to(const HttpRequest& request, const std::vector<std::string>& subprotocols) {
  if (auto mistake = mistake_in(request)) return *std::move(mistake);
  const auto protocol = chosen(request.headers, subprotocols);
  if (!protocol) {
    return not_a_handshake(
        fmt::format("Sec-WebSocket-Protocol must offer one of: {}", fmt::join(subprotocols, ", ")));
  }
  HttpResponse answer(101);
  answer.headers.add("Upgrade", "websocket");
  answer.headers.add("Sec-WebSocket-Accept",
                     accept_of(lone_value(request.headers, "Sec-WebSocket-Key")));
  if (!protocol->empty()) answer.headers.add("Sec-WebSocket-Protocol", *protocol);
  return answer;
}

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
