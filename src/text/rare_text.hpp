#pragma once

/// \file
/// `RareText`: a text that most objects of a kind do not have. Internal.

#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// A string behind a pointer, which is all that it needs while it has never had any text. For
/// objects of which there are thousands, such as open streams.
class RareText {
 public:
  std::string_view view() const noexcept {
    return text_ ? std::string_view(*text_) : std::string_view();
  }
  bool empty() const noexcept { return view().empty(); }
  /// The string, to be changed.
  std::string& own() {
    if (!text_) text_ = std::make_unique<std::string>();
    return *text_;
  }
  /// Keeps the memory.
  void clear() noexcept {
    if (text_) text_->clear();
  }

 private:
  std::unique_ptr<std::string> text_ = nullptr;
};

}  // namespace v0
}  // namespace vx11
