#pragma once

/// \file
/// Collects every mistake of an options struct into one error. Internal.

#include <vx11/result.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Lists each invalid field, in the order of the checks: "attempts must be at least 1;
/// backoff.factor must be at least 1".
class Mistakes {
 public:
  void require(bool correct, std::string_view field, std::string_view rule) {
    if (correct) return;
    if (!text_.empty()) text_ += "; ";
    text_.append(prefix_).append(field).append(" must be ").append(rule);
  }
  /// Sets the prefix of every field checked from now on, such as "backoff.".
  void within(std::string_view prefix) noexcept { prefix_ = prefix; }

  Result<> result() && {
    if (text_.empty()) return {};
    return fail(Errc::invalid_argument, std::move(text_));
  }

 private:
  std::string text_ = {};
  std::string_view prefix_ = {};
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
