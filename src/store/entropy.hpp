#pragma once

/// \file
/// Random bytes. Internal.

#include <vx11/export.hpp>

#include <span>

namespace vx11 {
inline namespace v0 {

/// Fills `bytes` from the system's entropy, of which each thread takes some in advance: a system
/// call for each use would cost more than the rest. Never fails: without the call the standard
/// library has other sources. Thread-safe, and different in a process and its forks.
VX11_API void fill_with_entropy(std::span<unsigned char> bytes);

}  // namespace v0
}  // namespace vx11
