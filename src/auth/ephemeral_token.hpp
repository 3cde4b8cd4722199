#pragma once

/// \file
/// What the stores of ephemeral tokens have in common. Internal.

#include <vx11/result.hpp>
#include <vx11/token_file.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace ephemeral {

/// Of a token for one purpose: with another one it is as unknown as any other token.
inline Result<TokenDigest> digest_for(std::string_view purpose, std::string_view token) {
  return digest_of(std::string(purpose).append(1, '\n').append(token));
}

inline Result<void> check(std::string_view purpose, std::chrono::seconds lifetime) {
  if (purpose.empty()) return fail(Errc::invalid_argument, "an ephemeral token needs a purpose");
  if (lifetime.count() > 0 && lifetime <= std::chrono::hours(24)) return {};
  return fail(Errc::invalid_argument,
              "the lifetime of an ephemeral token must be above zero, and a day at most");
}

}  // namespace ephemeral
}  // namespace v0
}  // namespace vx11
