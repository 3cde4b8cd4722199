#pragma once

/// \file
/// `Headers`: the header fields of an HTTP message.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// ASCII case-insensitive equality, as header names compare (RFC 9110 §5.1).
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a.empty()) return true;  // memcmp takes no null pointers
  if (!std::is_constant_evaluated() && std::memcmp(a.data(), b.data(), a.size()) == 0) return true;
  constexpr auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](char x, char y) { return x == y || lower(x) == lower(y); });
}

namespace detail {

/// Bytes that are only appended. A `std::string` would write each new byte twice: zeros first.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer& other) : ByteBuffer(other, other.size_) {}
  /// A copy with room for `capacity` bytes, at least the size of `other`.
  ByteBuffer(const ByteBuffer& other, std::size_t capacity)
      : bytes_(capacity == 0 ? nullptr : new char[capacity]),
        size_(other.size_),
        capacity_(capacity) {
    if (size_ != 0) std::memcpy(bytes_.get(), other.bytes_.get(), size_);
  }
  ByteBuffer(ByteBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = other.size_;
    capacity_ = other.capacity_;
    return *this;
  }
  ~ByteBuffer() = default;

  const char* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  void clear() noexcept { size_ = 0; }
  /// Appends `more` bytes, not written yet; `capacity() - size()` must be at least that.
  char* extend(std::size_t more) noexcept {
    char* const end = bytes_.get() + size_;
    size_ += more;
    return end;
  }

 private:
  std::unique_ptr<char[]> bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// A set of names that may contain more than was added: one bit for each of 64 classes.
class NameFilter {
 public:
  constexpr void add(std::string_view name) noexcept { marks_ |= mark(name); }
  constexpr bool may_contain(std::string_view name) const noexcept {
    return (marks_ & mark(name)) != 0;
  }
  constexpr void clear() noexcept { marks_ = 0; }

 private:
  /// By length, first and last letter, which differ between most of the usual names.
  static constexpr std::uint64_t mark(std::string_view name) noexcept {
    if (name.empty()) return 1;
    const auto code = [](char c) { return static_cast<unsigned char>(c) & 0x1FU; };
    return std::uint64_t{1} << ((name.size() * 11 + code(name.front()) + 3 * code(name.back())) %
                                64);
  }

  std::uint64_t marks_ = 0;
};

}  // namespace detail

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
/// over a dozen short names is faster than hashing. All fields share one buffer, because every
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
    const std::size_t more = occupied({name, value});
    // Not in place: both may be views into these fields. The first comparison is for GCC 12, which
    // otherwise warns of writing into no block, for sizes whose sum overflows.
    if (fields_.capacity() == 0 || more > fields_.capacity() - fields_.size()) {
      return add_to_copy(name, value);
    }
    char* at = fields_.extend(more);
    std::memcpy(at, &sizes, sizeof sizes);
    at += sizeof sizes;
    at += name.copy(at, name.size());
    *at++ = '\0';
    at += value.copy(at, value.size());
    *at = '\0';
    names_.add(name);
  }
  /// Replaces all fields of that name by one.
  void set(std::string_view name, std::string_view value) {
    if (!contains(name)) return add(name, value);
    Headers others = without(name, occupied({name, value}));
    others.add(name, value);
    *this = std::move(others);
  }
  void remove(std::string_view name) {
    if (contains(name)) *this = without(name, 0);
  }
  void clear() noexcept {
    fields_.clear();
    names_.clear();
  }
  /// Reserves space for `bytes` of names and values.
  void reserve(std::size_t bytes) {
    if (bytes > fields_.capacity()) fields_ = detail::ByteBuffer(fields_, bytes);
  }

  /// The first value of that name. Valid until the headers change.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    if (!names_.may_contain(name)) return std::nullopt;
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
    for (const Header header : *this) {
      if (equals_ignoring_case(header.name, name)) ++found;
    }
    return found;
  }

  Iterator begin() const noexcept { return Iterator(fields_.data()); }
  Iterator end() const noexcept { return Iterator(fields_.data() + fields_.size()); }
  /// The number of fields, in linear time.
  std::size_t size() const noexcept {
    return static_cast<std::size_t>(std::distance(begin(), end()));
  }
  bool empty() const noexcept { return fields_.size() == 0; }

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
    const std::size_t size = 2 * fields_.size() + occupied({name, value});
    larger.fields_ = detail::ByteBuffer(fields_, std::max(kUsual, size));
    larger.names_ = names_;
    larger.add(name, value);
    *this = std::move(larger);
  }
  /// All other fields, with room for `more` bytes.
  Headers without(std::string_view name, std::size_t more) const {
    Headers others;
    others.reserve(fields_.size() + more);
    for (const Header header : *this) {
      if (!equals_ignoring_case(header.name, name)) others.add(header.name, header.value);
    }
    return others;
  }

  detail::ByteBuffer fields_ = {};  ///< Per field: sizes, name, value.
  /// So that a look-up of an absent name, the usual one, is short.
  detail::NameFilter names_ = {};
};

}  // namespace v0
}  // namespace vx11
