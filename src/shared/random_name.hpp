#pragma once

/// \file
/// A name that no other process has. Internal.

#include <random>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace shared {

/// 128 random bits in digits. Guessing it is of no use: it is no secret.
inline std::string random_name() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) name += std::to_string(random()) + '-';
  return name;
}

}  // namespace shared
}  // namespace v0
}  // namespace vx11
