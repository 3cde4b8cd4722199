#pragma once

/// \file
/// Commands as the bytes that are sent, and scripts. Internal.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

/// One command: `Command("SET").add(key).add(value)`. Words may contain any bytes. Written by hand:
/// hiredis' formatter takes two arrays and allocates its result.
class Command {
 public:
  explicit Command(std::string_view name) { add(name); }

  Command& add(std::string_view word) & {
    append_number('$', word.size(), words_);
    words_ += word;
    words_ += "\r\n";
    ++count_;
    return *this;
  }
  Command&& add(std::string_view word) && { return std::move(add(word)); }
  template <std::integral Number>
  Command& add(Number number) & {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  template <std::integral Number>
  Command&& add(Number number) && {
    return std::move(add(number));
  }

  /// Makes room for words of as many bytes in all.
  Command& reserve(std::size_t words, std::size_t bytes) & {
    words_.reserve(words_.size() + bytes + words * kBytesAroundWord);
    return *this;
  }

  /// Marks a write, which replicas have to confirm if the client's options say so.
  Command& writing() & noexcept {
    writes_ = true;
    return *this;
  }
  Command&& writing() && noexcept { return std::move(writing()); }
  bool writes() const noexcept { return writes_; }

  /// Sends `first` in front of it, to the same server. Its reply comes first.
  Command& after(const Command& first) & {
    first.append_to(first_);
    return *this;
  }
  /// Those of `after`; empty: it is sent alone.
  std::string_view first() const noexcept { return first_; }

  void append_to(std::string& out) const {
    append_number('*', count_, out);
    out += words_;
  }
  /// About as many bytes as `append_to` appends, and those of `first`.
  std::size_t size() const noexcept { return first_.size() + words_.size() + 16; }

 private:
  static constexpr std::size_t kBytesAroundWord = 9;  // `$`, its size and two ends of lines

  static void append_number(char type, std::size_t number, std::string& out) {
    char line[24];
    line[0] = type;
    char* const end = std::to_chars(line + 1, line + sizeof(line) - 2, number).ptr;
    end[0] = '\r';
    end[1] = '\n';
    out.append(line, static_cast<std::size_t>(end + 2 - line));
  }

  std::string first_ = {};
  std::string words_ = {};
  std::size_t count_ = 0;
  bool writes_ = false;
};

/// A Lua script, known by its digest: sent in full only to a server that does not have it.
class Script {
 public:
  enum class Effect : std::uint8_t {
    reads,
    writes,
    unconfirmed,  ///< Writes what may be lost: replicas need not confirm it (WAIT).
  };
  explicit Script(std::string_view source, Effect effect = Effect::writes);

  const std::string& source() const noexcept { return source_; }
  const std::string& sha1() const noexcept { return sha1_; }
  bool writes() const noexcept { return effect_ == Effect::writes; }

 private:
  std::string source_;
  std::string sha1_;  ///< In hexadecimal digits.
  Effect effect_;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
