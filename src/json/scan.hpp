#pragma once

/// \file
/// Reads JSON objects in one pass: wanted members are returned as views, the rest as text. No
/// document is built where the shape is known (docs/design/json.md). Internal.

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

/// Deeper nesting is refused: the contract needs only a few levels.
inline constexpr int kMaxDepth = 64;
/// The most members that can be requested at once: more than any message of the contract has.
inline constexpr std::size_t kMostWanted = 8;

enum class Kind : std::uint8_t { absent, null, boolean, number, string, object, array };

/// A wanted member: decoded if it is a string, else its JSON text.
struct Member {
  std::string_view text = {};
  Kind kind = Kind::absent;
  /// A string with half of a surrogate pair in it, which `text` has as U+FFFD.
  bool has_lone_surrogate = false;
};

/// The wanted members of an object. Their texts are views into the text that was read, or into
/// `decoded` if they had to be decoded.
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
  std::forward_list<std::string> decoded = {};  ///< A list, because its elements never move.

  /// \return a view of `text`, valid as long as this object
  std::string_view keep(std::string text) { return decoded.emplace_front(std::move(text)); }
};

/// An object split in two parts.
struct Split {
  Scanned found = {};
  std::string rest = "{}";  ///< All other members, as the text of a JSON object.
};

/// Why a text was refused.
enum class ScanErrc : std::uint8_t {
  not_json,        ///< Not RFC 8259 in UTF-8.
  not_object,      ///< JSON of another kind.
  too_deep,        ///< Nested deeper than `kMaxDepth`.
  too_many_names,  ///< More than `kMostWanted` were requested: an error of the caller.
  out_of_memory
};

/// An `Error` with a machine-readable reason and position. Its code is `invalid_argument` for too
/// many names, else `invalid_reply`; its detail describes reason and position.
struct ScanError : Error {
  explicit ScanError(ScanErrc reason = ScanErrc::not_json, std::size_t byte = 0);

  /// Whether the text may be JSON all the same: of another kind, or nested deeper than is read. An
  /// upstream that sends it has not failed.
  bool may_be_json() const noexcept {
    return reason == ScanErrc::not_object || reason == ScanErrc::too_deep;
  }

  ScanErrc reason = ScanErrc::not_json;
  /// The position of the error, counted from 0: the first invalid byte (the backslash of an
  /// escape), or the bracket that nests too deep.
  std::size_t byte = 0;
};

/// Reads `text`, which must be exactly one JSON object (RFC 8259, UTF-8, optionally after a byte
/// order mark) and must outlive the result. Every valid text is accepted and validated to its last
/// byte. Numbers keep their text, whatever their size; lone surrogates stay in what is not decoded.
/// \param wanted at most `kMostWanted` names
Result<Scanned, ScanError> scan_object(std::string_view text,
                                       std::span<const std::string_view> wanted);

/// The same for the object that `text` begins with, whatever follows it.
/// \param size becomes that of the object
Result<Scanned, ScanError> scan_front(std::string_view text,
                                      std::span<const std::string_view> wanted, std::size_t& size);

/// The same, and returns the other members as well.
/// \param kept of these, the last members of `wanted` which are in the rest, too
Result<Split, ScanError> split_object(std::string_view text,
                                      std::span<const std::string_view> wanted,
                                      std::size_t kept = 0);

/// Receives the members of an object in their order, duplicates included.
class MemberSink {
 public:
  virtual ~MemberSink() = default;
  /// \param name decoded
  /// \param value its JSON text, valid, a view into the text that is read
  virtual void member(std::string_view name, std::string_view value) = 0;
};

/// Reads `text` as `scan_object` does, and passes every member to `sink`. Those before an error
/// have been passed, too.
Result<void, ScanError> scan_members(std::string_view text, MemberSink& sink);

}  // namespace json
}  // namespace v0
}  // namespace vx11
