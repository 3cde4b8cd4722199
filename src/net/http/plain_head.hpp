#pragma once

/// \file
/// The usual kind of message head, read in one go. Internal.

#include <vx11/http_message.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A head without surprises: names are tokens and values visible ASCII, the length is told once or
/// not at all, and the connection persists. Whatever is not like that is left to Beast's parser,
/// which reads the head from its beginning. So nothing is decided here that it would not decide
/// alike (docs/design/net.md); a test holds mutated messages against that.
class PlainHead {
 public:
  /// Takes in the header lines in `lines`, up to and including the empty one, at most `most`.
  /// \return false at the first thing that is not plain; `headers` then holds what came before
  bool read_fields(std::string_view lines, Headers& headers, std::size_t most);

  /// Of the body, if it was told.
  std::optional<std::size_t> length() const noexcept { return length_; }
  /// The one Host field; empty if there was none.
  std::string_view host() const noexcept { return host_; }

  /// Cuts off and returns what stands before the next `end`, which goes, too; empty if it holds
  /// anything but visible ASCII.
  static std::string_view take_word(std::string_view& text, char end) noexcept;

 private:
  bool take_field(std::string_view name, std::string_view value) noexcept;

  std::optional<std::size_t> length_ = std::nullopt;
  std::string_view host_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
