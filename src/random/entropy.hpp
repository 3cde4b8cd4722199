#pragma once

/// \file
/// Random bytes of the system. Internal.

#include <vx11/export.hpp>

#include <cstdint>
#include <span>

namespace vx11 {
inline namespace v0 {
namespace random {

/// Fills `bytes` with what cannot be predicted. Each thread takes some in advance: a system call
/// for each use would cost more than the rest. Never fails: without the call the standard library
/// has other sources. Thread-safe, and different in a process and its forks.
VX11_API void fill_with_entropy(std::span<unsigned char> bytes);

/// A number that differs from all others, but can be predicted from a few of them: for ids that are
/// no secrets. From a generator for each thread, seeded as above. Thread-safe.
VX11_API std::uint64_t quick_number();

}  // namespace random
}  // namespace v0
}  // namespace vx11
