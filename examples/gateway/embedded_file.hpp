#pragma once

/// \file
/// Files that `vx11_embed` of CMake compiles into the program. Internal.

#include <string_view>

struct EmbeddedFile {
  std::string_view bytes;
  std::string_view gzip;    ///< Compressed; empty if the build had no gzip.
  std::string_view digest;  ///< SHA-256 of the bytes, in hexadecimal digits.
};
