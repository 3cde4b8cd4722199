#pragma once

/// \file
/// `SessionKeys`: the keys with which a store encrypts sessions.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The keys with which a session store encrypts what it writes (AES-256-GCM).
///
/// The text of a key file has a line for each key: a number from 1 to 65535, a blank, and 64
/// hexadecimal digits (`openssl rand -hex 32`). The number is stored with each value, so that it
/// can be read after a rotation. The first key encrypts, all of them decrypt. To rotate, append the
/// new key to the files of all gateways, restart these, and then move it to the first line; delete
/// the old one once the sessions written with it have expired.
///
/// A line `plaintext` accepts values that are not encrypted, too: for the time in which sessions
/// from before the encryption exist. Without it they are refused, since a writer to the
/// store could place any text there. Empty lines and those that begin with `#` are ignored.
///
/// A value type; copies share the keys, which are immutable and erased at the end. Thread-safe.
class VX11_API SessionKeys {
 public:
  /// No keys: nothing is encrypted.
  SessionKeys() = default;

  /// \return `invalid_argument` with the first mistake and its line; it quotes nothing of the text
  static Result<SessionKeys> parse(std::string_view text);
  /// Reads a key file: a regular file of at most 64 KiB that other users can neither read nor
  /// write.
  /// \return `storage` if it cannot be read, `invalid_argument` for a mistake in it, with the path
  static Result<SessionKeys> read(const std::string& path);

  /// Whether values are encrypted.
  explicit operator bool() const noexcept { return ring_ != nullptr; }

  struct Ring;  ///< Internal.
  const Ring* ring() const noexcept { return ring_.get(); }

 private:
  std::shared_ptr<const Ring> ring_ = nullptr;
};

}  // namespace v0
}  // namespace vx11
