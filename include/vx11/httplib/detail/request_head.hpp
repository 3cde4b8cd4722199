#pragma once

/// \file
/// The head of a request as it goes over the wire. Internal to `vx11/httplib.hpp`.

#include <vx11/http_message.hpp>
#include <vx11/httplib/detail/dial.hpp>
#include <vx11/httplib/detail/framing.hpp>
#include <vx11/result.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// What cannot be said in HTTP/1.1 without saying something else, or nothing.
inline std::string_view mistake_in(const HttpRequest& request) {
  if (!is_token(request.method)) return "the method is not a token";
  if (request.method == "CONNECT") return "CONNECT makes tunnels, not answers";
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  const bool path = request.target.starts_with('/') || request.target == "*";
  if (!path || !std::ranges::all_of(request.target, visible)) return "the target is not a path";
  for (const Header header : request.headers) {
    if (!is_token(header.name)) return "a header's name is not a token";
    if (!is_field_value(header.value)) return "a header's value has control bytes";
  }
  return {};
}

/// Head lines, one after the other.
class HeadText {
 public:
  explicit HeadText(std::string first_line) : text_(std::move(first_line)) { text_ += "\r\n"; }
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }
  std::string end() && { return std::move(text_ += "\r\n"); }

 private:
  std::string text_;
};

/// Written here and not by cpp-httplib, which in some versions encodes the target anew, changes the
/// order of headers of the same name, or announces a body with `Expect: 100-continue` and waits.
inline Result<std::string> head_of(const HttpRequest& request, const Origin& origin,
                                   std::string_view user_agent) {
  const std::string_view mistake = mistake_in(request);
  if (!mistake.empty()) return fail(Errc::invalid_argument, std::string(mistake));
  constexpr std::array<std::string_view, 4> kOurs = {"Connection", "Content-Length", "Expect",
                                                     "Transfer-Encoding"};
  const auto said = [&](std::string_view name) { return request.headers.contains(name); };

  HeadText head(request.method + ' ' + request.target + " HTTP/1.1");
  if (!said("Host")) head.add("Host", origin.authority);
  for (const Header header : request.headers) {
    const auto is_it = [&](std::string_view name) {
      return equals_ignoring_case(name, header.name);
    };
    if (std::ranges::none_of(kOurs, is_it)) head.add(header.name, header.value);
  }
  if (!said("User-Agent") && is_field_value(user_agent)) head.add("User-Agent", user_agent);
  if (!said("Accept")) head.add("Accept", "*/*");
  const bool tells_length = !request.body.empty() || request.method == "POST" ||
                            request.method == "PUT" || request.method == "PATCH";
  if (tells_length) head.add("Content-Length", std::to_string(request.body.size()));
  return std::move(head).end();
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
