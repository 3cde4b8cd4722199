#pragma once

/// \file
/// Collects every mistake of a description into one error. Internal.

#include <vx11/result.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The text of a description's error, in the order of the checks: "attempts must be at least 1;
/// backoff.factor must be at least 1", or `no targets; target "switch": no transport`.
class Mistakes {
 public:
  /// Sets the part that later mistakes are about, such as `target 1`; empty: the description
  /// itself.
  void about(std::string_view part) { prefix_.assign(part).append(part.empty() ? "" : ": "); }
  /// The same for a named part: `target "switch"`.
  void about(std::string_view kind, std::string_view name) {
    prefix_.assign(kind).append(" \"").append(name).append("\": ");
  }
  /// The same for the fields of an inner struct: "backoff.".
  void within(std::string_view prefix) { prefix_.assign(prefix); }

  void add(std::string_view mistake) {
    if (!text_.empty()) text_ += "; ";
    text_.append(prefix_).append(mistake);
  }
  void add_if(bool wrong, std::string_view mistake) {
    if (wrong) add(mistake);
  }
  /// Adds "`field` must be `rule`" unless it is `correct`.
  void require(bool correct, std::string_view field, std::string_view rule) {
    if (!correct) add(std::string(field).append(" must be ").append(rule));
  }

  /// \return `invalid_argument` with every mistake, or success if none was added
  Result<> result() && {
    if (text_.empty()) return {};
    return fail(Errc::invalid_argument, std::move(text_));
  }

 private:
  std::string prefix_ = {};
  std::string text_ = {};
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
