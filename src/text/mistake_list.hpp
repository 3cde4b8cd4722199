#pragma once

/// \file
/// Collects the mistakes of a description, so that one error names them all. Internal.

#include <vx11/result.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The text of a description's error: `no targets; target "switch": no transport`.
class MistakeList {
 public:
  /// Sets the part that later mistakes are about, such as `target 1`; empty: the description
  /// itself.
  void about(std::string_view part);
  /// The same for a named part: `target "switch"`.
  void about(std::string_view kind, std::string_view name);

  void add(std::string_view mistake);
  void add_if(bool wrong, std::string_view mistake) {
    if (wrong) add(mistake);
  }

  /// \return `invalid_argument` with every mistake, or success if none was added
  Result<void> result() &&;

 private:
  std::string part_ = {};
  std::string text_ = {};
};

}  // namespace v0
}  // namespace vx11
