#pragma once

/// \file
/// Writes the members of another endpoint's request as those of a chat completion. Internal.

#include <vx11/http_message.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// A mistake in a request.
struct Refusal {
  std::string param = {};
  std::string message = {};
};

/// The answer to a request with a mistake.
HttpResponse refusal_response(const Refusal& refusal);

/// A value, besides null, with which a member asks for nothing.
struct Neutral {
  std::string_view name = {};
  std::string_view value = {};  ///< JSON without whitespace between tokens; a number also
                                ///< stands for `1.0`. Empty: every value.
};

/// What becomes of the members of a request.
struct MemberRules {
  std::span<const std::string_view> read = {};  ///< Left to the caller.
  std::span<const std::string_view> same = {};  ///< Have the same name in a chat completion.
  std::span<const Neutral> neutral = {};        ///< Left out.
  std::string_view advice = {};                 ///< Follows the name of any other member.
};

/// Writes `member`, unless the rules leave it out.
/// \return why it is refused; none if it is not
std::optional<Refusal> copy_member(json::Writer& json, const json::ObjectItems::Item& member,
                                   const MemberRules& rules);

/// Whether `member` is absent or null.
bool is_absent(const json::Member& member) noexcept;

}  // namespace completions
}  // namespace v0
}  // namespace vx11
