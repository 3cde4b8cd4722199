#pragma once

/// \file
/// `Headers`: the header fields of an HTTP message.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// ASCII case-insensitive equality, as header names compare (RFC 9110 §5.1).
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  constexpr auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](char x, char y) { return x == y || lower(x) == lower(y); });
}

/// One header field, as views into its `Headers`: valid until those change. Both are
/// NUL-terminated, for C interfaces.
struct Header {
  std::string_view name = {};
  std::string_view value = {};
  friend bool operator==(const Header&, const Header&) = default;
};

/// The header fields of a message, in order; names compare case-insensitively. Not thread-safe.
///
/// A list, not a map: messages have few fields, order and repetition matter, and a linear search
/// over a dozen short names is faster than hashing. All fields share one string, because every
/// request creates a message, and a string per name and value would dominate its cost.
class Headers {
 public:
  /// Forward iteration over the fields; invalidated by every change.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Header;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Header;

    Iterator() = default;
    Header operator*() const noexcept { return Headers::at(at_); }
    Iterator& operator++() noexcept {
      at_ += occupied(**this);
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend Headers;
    explicit Iterator(const char* at) noexcept : at_(at) {}
    const char* at_ = nullptr;
  };
  using const_iterator = Iterator;

  Headers() = default;
  /// `Headers headers = {{"Accept", "application/json"}, {"X-Request-Id", id}};`
  Headers(std::initializer_list<Header> fields) {
    for (const Header& field : fields) add(field.name, field.value);
  }

  /// Name and value are at most 4 GiB each.
  void add(std::string_view name, std::string_view value) {
    const Sizes sizes{static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())};
    const std::size_t begin = text_.size();
    const std::size_t end = begin + occupied({name, value});
    // Not in place: both may be views into this string.
    if (end > text_.capacity()) return add_to_copy(name, value);
    text_.resize(end);
    char* at = text_.data() + begin;
    std::memcpy(at, &sizes, sizeof sizes);
    at += sizeof sizes;
    at += name.copy(at, name.size()) + 1;
    value.copy(at, value.size());
  }
  /// Replaces all fields of that name by one.
  void set(std::string_view name, std::string_view value) {
    Headers others;
    others.text_.reserve(text_.size() + occupied({name, value}));
    for (const Header header : *this) {
      if (!equals_ignoring_case(header.name, name)) others.add(header.name, header.value);
    }
    others.add(name, value);
    *this = std::move(others);
  }
  void remove(std::string_view name) {
    Headers others;
    for (const Header header : *this) {
      if (!equals_ignoring_case(header.name, name)) others.add(header.name, header.value);
    }
    *this = std::move(others);
  }
  void clear() noexcept { text_.clear(); }
  /// Reserves space for `bytes` of names and values.
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

  /// The first value of that name. Valid until the headers change.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const Header header : *this) {
      if (equals_ignoring_case(header.name, name)) return header.value;
    }
    return std::nullopt;
  }
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
  /// The first value of that name, or `otherwise`.
  std::string_view get(std::string_view name, std::string_view otherwise = {}) const noexcept {
    return find(name).value_or(otherwise);
  }
  std::size_t count(std::string_view name) const noexcept {
    std::size_t found = 0;
    for (const Header header : *this) found += equals_ignoring_case(header.name, name) ? 1 : 0;
    return found;
  }

  Iterator begin() const noexcept { return Iterator(text_.data()); }
  Iterator end() const noexcept { return Iterator(text_.data() + text_.size()); }
  /// The number of fields, in linear time.
  std::size_t size() const noexcept {
    return static_cast<std::size_t>(std::distance(begin(), end()));
  }
  bool empty() const noexcept { return text_.empty(); }

 private:
  /// Precedes each name in the text.
  struct Sizes {
    std::uint32_t name;
    std::uint32_t value;
  };

  static Header at(const char* place) noexcept {
    Sizes sizes{};
    std::memcpy(&sizes, place, sizeof sizes);
    const char* const name = place + sizeof sizes;
    return {{name, sizes.name}, {name + sizes.name + 1, sizes.value}};
  }
  static std::size_t occupied(const Header& header) noexcept {
    return sizeof(Sizes) + header.name.size() + header.value.size() + 2;
  }
  void add_to_copy(std::string_view name, std::string_view value) {
    constexpr std::size_t kUsual = 256;  // enough for most messages
    Headers larger;
    larger.text_.reserve(std::max(kUsual, 2 * text_.size() + occupied({name, value})));
    larger.text_ = text_;
    larger.add(name, value);
    *this = std::move(larger);
  }

  std::string text_ = {};  ///< Per field: sizes, name, value.
};

}  // namespace v0
}  // namespace vx11
