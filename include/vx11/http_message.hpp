#pragma once

/// \file
/// HTTP messages as plain values, the same for clients, servers and the operator API.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11::inline v0 {

/// ASCII case-insensitive equality, as header names compare (RFC 9110 §5.1).
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  constexpr auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](char x, char y) { return lower(x) == lower(y); });
}

/// One header field.
struct Header {
  Header() = default;
  Header(std::string name, std::string value) : name(std::move(name)), value(std::move(value)) {}
  std::string name = {};
  std::string value = {};
  friend bool operator==(const Header&, const Header&) = default;
};

/// The header fields of a message, in order, names compared without case. Not thread-safe.
///
/// A list and not a map: a message has few fields, order and repetition carry meaning, and a linear
/// look through a dozen short names beats hashing them.
class Headers {
 public:
  Headers() = default;

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string value) {
    remove(name);
    add(std::string(name), std::move(value));
  }
  void remove(std::string_view name) {
    std::erase_if(fields_, [&](const Header& h) { return equals_ignoring_case(h.name, name); });
  }
  void clear() noexcept { fields_.clear(); }
  /// Makes room for so many, for those who know what comes.
  void reserve(std::size_t fields) { fields_.reserve(fields); }

  /// The first value of that name, or null. Valid until the headers change.
  const std::string* find(std::string_view name) const noexcept {
    for (const Header& h : fields_) {
      if (equals_ignoring_case(h.name, name)) return &h.value;
    }
    return nullptr;
  }
  /// The first value of that name, or `otherwise`.
  std::string_view get(std::string_view name, std::string_view otherwise = {}) const noexcept {
    const std::string* value = find(name);
    return value ? std::string_view(*value) : otherwise;
  }
  std::size_t count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(fields_.begin(), fields_.end(),
                      [&](const Header& h) { return equals_ignoring_case(h.name, name); }));
  }

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }

 private:
  std::vector<Header> fields_ = {};
};

/// A request, seen from either side.
struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(std::string method, std::string origin, std::string target)
      : method(std::move(method)), origin(std::move(origin)), target(std::move(target)) {}

  std::string method = "GET";
  /// Where to send it: `http://host[:port]`, no path. Empty in a request that a server received.
  std::string origin = {};
  /// Path and query as they stand in the request line, never decoded.
  std::string target = "/";
  Headers headers = {};
  std::string body = {};
};

/// An answer, seen from either side.
struct HttpResponse {
  HttpResponse() = default;
  explicit HttpResponse(int status) : status(status) {}
  HttpResponse(int status, std::string content_type, std::string body)
      : status(status), body(std::move(body)) {
    headers.add("Content-Type", std::move(content_type));
  }

  int status = 200;
  Headers headers = {};
  std::string body = {};

  bool ok() const noexcept { return status >= 200 && status < 300; }
};

}  // namespace vx11::inline v0
