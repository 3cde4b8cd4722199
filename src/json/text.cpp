#include "json/text.hpp"

#include <array>

#include "json/utf8.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

std::size_t skip_plain(std::string_view text, std::size_t from) noexcept {
  for (; text.size() - from >= kStep; from += kStep) {
    const std::size_t plain = plain_in_step(text.data() + from);
    if (plain != kStep) return from + plain;
  }
  std::array<char, kStep> last{};  // the zeros are not plain
  text.copy(last.data(), kStep, from);
  return from + plain_in_step(last.data());
}

}  // namespace

std::size_t skip_far(std::string_view text, std::size_t from) noexcept {
  for (;;) {
    from = skip_plain(text, from);
    if (from == text.size() || static_cast<unsigned char>(text[from]) < 0x80) return from;
    const std::size_t sequence = utf8::sequence_length(text.substr(from));
    if (sequence == 0) return from;
    from += sequence;
  }
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
