#pragma once

/// \file
/// Concatenates text. Internal.

#include <vx11/headers.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The size of a literal is known when it is compiled, so it is copied without a call.
template <std::size_t kSize>
constexpr std::string_view piece_of(const char (&literal)[kSize]) noexcept {
  return {literal, kSize - 1};
}
constexpr std::string_view piece_of(std::string_view text) noexcept {
  return text;
}

/// Appends all `pieces` with at most one allocation.
template <class... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const std::size_t begin = out.size();
  out.resize(begin + (piece_of(pieces).size() + ...));
  char* at = out.data() + begin;
  const auto put = [&at](std::string_view piece) {
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  };
  (put(piece_of(pieces)), ...);
}

/// The size of all fields as lines, with `: ` and a line end for each.
inline std::size_t size_of_lines(const Headers& headers) noexcept {
  std::size_t size = 0;
  for (const Header header : headers) size += header.name.size() + header.value.size() + 4;
  return size;
}

/// Appends many pieces to a text that is extended once, since looking for room costs more than
/// copying a short piece.
class Appender {
 public:
  /// \param most no fewer bytes than all pieces have together
  Appender(std::string& out, std::size_t most) : out_(out) {
    const std::size_t begin = out.size();
    out.resize(begin + most);
    end_ = out.data() + begin;
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender() { out_.resize(static_cast<std::size_t>(end_ - out_.data())); }

  template <class... Pieces>
  void add(const Pieces&... pieces) noexcept {
    (put(piece_of(pieces)), ...);
  }

 private:
  void put(std::string_view piece) noexcept {
    const std::size_t size = piece.size();
    if (size >= 8 && size <= 16) {  // most names: two words that may overlap, without a call
      std::memcpy(end_, piece.data(), 8);
      std::memcpy(end_ + size - 8, piece.data() + size - 8, 8);
    } else {
      std::memcpy(end_, piece.data(), size);
    }
    end_ += size;
  }

  std::string& out_;
  char* end_ = nullptr;
};

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
