#pragma once

/// \file
/// The stream through which cpp-httplib reads and writes HTTP/1.1. Internal to `vx11/httplib.hpp`.

#include <vx11/httplib/detail/channel.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// One request and one response over a channel.
///
/// cpp-httplib's own streams have a limit per operation only, so a peer that trickles bytes can
/// hold them indefinitely, and they accept a head of any size. This one uses the channel, which
/// enforces the deadline of the whole exchange, and limits sizes. It sends its own request; what
/// cpp-httplib writes is dropped.
///
/// Nothing here is marked `override`: which functions are virtual differs between versions of
/// cpp-httplib (`is_writable` until 0.19, `wait_readable`, `wait_writable` and `duration` since
/// 0.20).
class ExchangeStream final : public httplib::Stream {
 public:
  /// Far above any legitimate head.
  static constexpr std::size_t kMaxHeadBytes = 64 * 1024;
  /// As in most servers and proxies.
  static constexpr std::size_t kMaxLine = 8 * 1024;
  /// cpp-httplib matches it with std::regex, which recurses for every character: a reason phrase of
  /// 32 KiB overflows a stack of 8 MiB.
  static constexpr std::size_t kMaxStatusLine = 512;

  ExchangeStream(Channel& channel, const DeadlineWaiter& waiter, std::string_view head,
                 std::string_view body, std::size_t max_bytes)
      : channel_(channel), waiter_(waiter), head_(head), body_(body), max_bytes_(max_bytes) {}

  // NOLINTBEGIN(modernize-use-override)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsuggest-override"
  ssize_t read(char* into, size_t size) {
    if (failure_ || !send_all()) return -1;
    if (begin_ == end_ && !fill()) return failure_ ? -1 : 0;
    const std::size_t count = std::min(size, end_ - begin_);
    std::memcpy(into, buffer_.data() + begin_, count);
    begin_ += count;
    return acceptable(std::string_view(into, count)) ? static_cast<ssize_t>(count) : -1;
  }
  ssize_t write(const char*, size_t size) {
    return static_cast<ssize_t>(size);
  }
  bool is_readable() const {
    return true;
  }
  bool is_writable() const {
    return true;
  }
  bool wait_readable() const {
    return true;
  }
  bool wait_writable() const {
    return true;
  }
  time_t duration() const {
    return 0;
  }
  void get_remote_ip_and_port(std::string&, int&) const {}
  void get_local_ip_and_port(std::string&, int&) const {}
  socket_t socket() const {
    return INVALID_SOCKET;
  }
#pragma GCC diagnostic pop
  // NOLINTEND(modernize-use-override)

  /// Marks the start of the body.
  void head_is_read() noexcept {
    in_head_ = false;
  }
  /// Ends the exchange for a reason outside the channel.
  bool refuse(Error why) {
    failure_ = std::move(why);
    return false;
  }

  const std::optional<Error>& failure() const noexcept {
    return failure_;
  }
  /// Whether any byte of a response has arrived.
  bool got_any() const noexcept {
    return received_ > 0;
  }
  /// Whether both sides are at the end of a message and the connection is intact.
  bool in_step() const noexcept {
    return !failure_ && !ended_ && !cut_off_ && sent_ && begin_ == end_;
  }
  /// Whether the last line read is empty, as after the last chunk.
  bool at_empty_line() const noexcept {
    return last_four_ == 0x0d0a0d0aU;
  }

 private:
  /// A peer may respond and close before it has read everything: that response is still usable, so
  /// a failed send does not end the exchange.
  bool send_all() {
    if (std::exchange(sent_, true)) return true;
    constexpr std::size_t kOnePiece = 16 * 1024;  // copying this is cheaper than a second write
    if (body_.size() <= kOnePiece) return send(std::string(head_).append(body_));
    return send(head_) && send(body_);
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty() && !cut_off_) {
      const auto put = channel_.write(bytes, waiter_);
      if (!put && put.error().code != Errc::unreachable) return refuse(put.error());
      if (put) bytes.remove_prefix(*put);
      cut_off_ = !put;
    }
    return true;
  }

  bool fill() {
    const auto got = channel_.read(buffer_.data(), buffer_.size(), waiter_);
    if (!got) return refuse(got.error());
    begin_ = 0;
    end_ = *got;
    received_ += *got;
    ended_ = *got == 0;
    return !ended_;
  }

  bool acceptable(std::string_view bytes) {
    consumed_ += bytes.size();
    if (consumed_ > max_bytes_) return refuse(Error(Errc::too_large, "the answer is too large"));
    for (const char byte : bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 4))) {
      last_four_ = last_four_ << 8U | static_cast<unsigned char>(byte);
    }
    return !in_head_ || std::ranges::all_of(bytes, [this](char byte) { return count(byte); });
  }

  /// One more byte of the head.
  bool count(char byte) {
    if (++line_ > kMaxStatusLine && in_status_line_) {
      return refuse(Error(Errc::invalid_reply, "the answer is not HTTP/1.1"));
    }
    if (line_ > kMaxLine || consumed_ > kMaxHeadBytes) {
      return refuse(Error(Errc::too_large, "the head of the answer is too large"));
    }
    if (byte == '\n') {
      in_status_line_ = line_ <= 2;  // after an interim response another head follows
      line_ = 0;
    }
    return true;
  }

  Channel& channel_;
  const DeadlineWaiter& waiter_;
  std::string_view head_;
  std::string_view body_;
  std::size_t max_bytes_;
  std::optional<Error> failure_ = std::nullopt;
  bool sent_ = false;
  bool cut_off_ = false;
  bool ended_ = false;
  bool in_head_ = true;
  bool in_status_line_ = true;
  std::size_t received_ = 0;
  std::size_t consumed_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t line_ = 0;
  std::uint32_t last_four_ = 0;
  std::array<char, 16384> buffer_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
