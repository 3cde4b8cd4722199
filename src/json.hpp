#pragma once

/// \file
/// JSON as text in and text out, over nlohmann's SAX parser: no document is built where a known
/// shape is read (docs/design/json.md). Internal.

#include <vx11/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vx11::inline v0::json {

/// Nesting beyond this is refused: nothing in the contract needs more than a few levels.
inline constexpr int kMaxDepth = 64;

/// Appends `text` as a JSON string with its quotes. Valid UTF-8 passes through; invalid bytes
/// become U+FFFD, so that what is written is always valid.
void append_string(std::string& out, std::string_view text);

/// `append_string` on an empty string.
std::string quoted(std::string_view text);

enum class Kind : std::uint8_t { absent, null, boolean, number, string, object, array };

/// A member that was looked for: decoded if it is a string, else its JSON text.
struct Member {
  Kind kind = Kind::absent;
  std::string text = {};
};

/// An object read in one pass: the members one asked for, and the text of the rest.
struct Scanned {
  std::vector<Member> members = {};  ///< In the order of `wanted`; of duplicates the last.
  std::string rest = "{}";           ///< All others, as the text of a JSON object.
};

/// Reads `text`, which has to be one JSON object (RFC 8259, UTF-8), nothing else.
/// \return `invalid_reply` with the byte offset in `detail` if it is not JSON; the detail is then
///         "not JSON, byte N"; "not an object" if it is JSON of another kind; "nested too deeply"
Result<Scanned> scan_object(std::string_view text, std::span<const std::string_view> wanted);

/// Joins two JSON objects given as text by putting the members of `more` behind those of `object`.
std::string merge_objects(std::string_view object, std::string_view more);

}  // namespace vx11::inline v0::json
