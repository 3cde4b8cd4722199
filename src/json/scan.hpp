#pragma once

/// \file
/// Reads JSON objects in one pass: what is looked for comes out as views, the rest as text. No
/// document is built where a known shape is read (docs/design/json.md). Internal.

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
  bool plain = false;  ///< Whether writing the whole text again would certainly change nothing.
  std::forward_list<std::string> decoded = {};  ///< A list, whose elements stay where they are.

  /// \return a view of `text`, good for as long as this
  std::string_view keep(std::string text) { return decoded.emplace_front(std::move(text)); }
};

/// An object in two parts.
struct Split {
  Scanned found = {};
  std::string rest = "{}";  ///< All that was not looked for, as the text of a JSON object.
};

/// What is wrong with a text that could not be read.
enum class ScanErrc : std::uint8_t {
  not_json,        ///< Not RFC 8259 in UTF-8, or a number beyond `double`.
  not_object,      ///< JSON of another kind.
  too_deep,        ///< Nested deeper than `kMaxDepth`.
  too_many_names,  ///< More than `kMostWanted` were asked for: the caller's mistake.
  out_of_memory
};

/// An `Error` whose reason and place a program can read. Its code is `invalid_argument` for too many
/// names, else `invalid_reply`; its detail says reason and place in words.
struct ScanError : Error {
  explicit ScanError(ScanErrc reason = ScanErrc::not_json, std::size_t byte = 0);

  ScanErrc reason = ScanErrc::not_json;
  /// Where reading stopped, counted from 0: the first byte that does not belong there (of an escape
  /// its backslash, of a number beyond `double` its first byte), or the bracket that is one too many.
  std::size_t byte = 0;
};

/// Reads `text`, which has to be one JSON object (RFC 8259, UTF-8, maybe behind a byte order mark),
/// nothing else, and has to outlive what is found in it. Every such text is read, be it valid down
/// to its last byte; numbers come out as they came, whatever their size, but those beyond `double`
/// are refused.
/// \param wanted at most `kMostWanted` names
Result<Scanned, ScanError> scan_object(std::string_view text,
                                       std::span<const std::string_view> wanted);

/// The same, for those who want the rest of it, too.
Result<Split, ScanError> split_object(std::string_view text,
                                      std::span<const std::string_view> wanted);

}  // namespace json
}  // namespace v0
}  // namespace vx11
