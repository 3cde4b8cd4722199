#pragma once

/// \file
/// What a login's cookie can do: its secret opens the token that the database keeps sealed.
/// Internal.

#include <vx11/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace backend {

/// The secret of a login, which only its cookie has. The database has the digest, and a token that
/// is encrypted by a key derived from the secret: a reader of the database learns neither.
/// Immutable; thread-safe to read.
class LoginSecret {
 public:
  /// 256 random bits. \return `exhausted` if the system has none
  static vx11::Result<LoginSecret> make();
  /// \return none for text that `make` has not made
  static std::optional<LoginSecret> parse(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  /// SHA-256 in hexadecimal digits: the name of the login in the database.
  std::string digest() const;
  /// What a page sends with writes (`X-CSRF-Token`). Derived, and so not stored.
  std::string csrf_token() const;
  /// AES-256-GCM, with a new nonce. \return `exhausted` without random bytes or memory
  vx11::Result<std::string> seal(std::string_view token) const;
  /// \return none if `sealed` was not made by the same secret, or was changed
  std::optional<std::string> unseal(std::string_view sealed) const;

 private:
  explicit LoginSecret(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

/// Compares in a time that does not depend on where the texts differ.
bool is_equal_secret(std::string_view a, std::string_view b) noexcept;

}  // namespace backend
