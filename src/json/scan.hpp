#pragma once

/// \file
/// JSON as text in and text out, over nlohmann's SAX parser: no document is built where a known
/// shape is read (docs/design/json.md). Internal.

#include <vx11/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Nesting beyond this is refused: nothing in the contract needs more than a few levels.
inline constexpr int kMaxDepth = 64;
/// So many members can be looked for at once: more than any message of the contract has.
inline constexpr std::size_t kMostWanted = 8;

/// Appends `text` as a JSON string with its quotes. Valid UTF-8 passes through; invalid bytes
/// become U+FFFD, so that what is written is always valid.
void append_string(std::string& out, std::string_view text);

/// A byte that cannot stand in a string as it is takes up to so many there.
inline constexpr std::size_t kMostEscaped = 6;
/// Writes such a byte. \return where it ends
char* write_escaped(char* to, char c) noexcept;

/// `append_string` on an empty string.
std::string quoted(std::string_view text);

enum class Kind : std::uint8_t { absent, null, boolean, number, string, object, array };

/// A member that was looked for: decoded if it is a string, else its JSON text.
struct Member {
  Kind kind = Kind::absent;
  std::string_view text = {};
};

/// The members of an object that were looked for. Their texts are views into the text that was
/// read, and into `decoded` where it did not stand there as it is wanted.
struct Scanned {
  Scanned() = default;
  Scanned(Scanned&&) = default;
  Scanned& operator=(Scanned&&) = default;
  Scanned(const Scanned&) = delete;
  Scanned& operator=(const Scanned&) = delete;
  ~Scanned() = default;

  std::array<Member, kMostWanted> members =
      {};              ///< In the order of `wanted`; of duplicates the last.
  bool plain = false;  ///< Whether the whole text stands there as it would be written again.
  std::forward_list<std::string> decoded = {};  ///< A list, whose elements stay where they are.

  /// \return a view of `text`, good for as long as this
  std::string_view keep(std::string text) { return decoded.emplace_front(std::move(text)); }
};

/// An object in two parts.
struct Split {
  Scanned found = {};
  std::string rest = "{}";  ///< All that was not looked for, as the text of a JSON object.
};

/// Reads `text`, which has to be one JSON object (RFC 8259, UTF-8), nothing else, and has to
/// outlive what is found in it. `wanted` are at most `kMostWanted` names. \return `invalid_reply`
/// with the byte offset in `detail` if it is not JSON; the detail is then
///         "not JSON, byte N"; "not an object" if it is JSON of another kind; "nested too deeply"
Result<Scanned> scan_object(std::string_view text, std::span<const std::string_view> wanted);

/// The same, for those who want the rest of it, too.
Result<Split> split_object(std::string_view text, std::span<const std::string_view> wanted);

/// Joins two JSON objects given as text by putting the members of `more` behind those of `object`.
std::string merge_objects(std::string_view object, std::string_view more);

}  // namespace json
}  // namespace v0
}  // namespace vx11
