#pragma once

/// \file
/// The parts of a JSON Web Token. Internal.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/base64url.hpp"
#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {

inline constexpr std::size_t kMaxJwtBytes = 16'384;

/// The three parts of a compact token (RFC 7515 §7.1), still encoded. Views.
struct CompactToken {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  ///< Header and claims with the dot between them.
};

/// None for a text that has not three parts, or is longer than `kMaxJwtBytes`.
std::optional<CompactToken> split_jwt(std::string_view token);

/// A decoded part of a token, and the members looked up in it.
class JwtPart {
 public:
  /// \param wanted names of members of the JSON object that `encoded` should contain
  JwtPart(std::string_view encoded, std::span<const std::string_view> wanted)
      : text_(decode_base64url(encoded)) {
    if (text_) scanned_ = json::scan_object(*text_, wanted);
  }
  JwtPart(const JwtPart&) = delete;  // the members found are views
  JwtPart& operator=(const JwtPart&) = delete;

  bool is_object() const noexcept { return scanned_.has_value(); }
  const json::Member& operator[](std::size_t wanted) const noexcept {
    return scanned_->members[wanted];
  }
  /// Other members of an object.
  Result<json::Scanned, json::ScanError> scan(std::span<const std::string_view> wanted) const {
    return json::scan_object(*text_, wanted);
  }

 private:
  std::optional<std::string> text_;
  Result<json::Scanned, json::ScanError> scanned_ = tl::unexpected(json::ScanError());
};

/// The header of a token.
class JwtHeader {
 public:
  explicit JwtHeader(std::string_view encoded) : part_(encoded, kWanted) {}

  /// What makes it unusable; empty: nothing.
  std::string_view fault() const noexcept;
  std::string_view algorithm() const noexcept { return part_[0].text; }
  /// The id of the key, if it names one.
  std::optional<std::string_view> key_id() const noexcept;
  /// Whether its `typ` is `wanted`, in any case, perhaps as a media type (RFC 7515 §4.1.9).
  bool is_of_type(std::string_view wanted) const noexcept;

 private:
  static constexpr std::array<std::string_view, 4> kWanted = {"alg", "crit", "kid", "typ"};

  JwtPart part_;
};

}  // namespace v0
}  // namespace vx11
