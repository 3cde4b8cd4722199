#pragma once

/// \file
/// RAII owners of OpenSSL objects. Internal.

#include <memory>

namespace vx11 {
inline namespace v0 {

/// Owns an OpenSSL object and frees it with `kFree`; null when OpenSSL was out of memory.
template <class T, auto kFree>
struct OpensslFree {
  void operator()(T* object) const noexcept { kFree(object); }
};
template <class T, auto kFree>
using OpensslPtr = std::unique_ptr<T, OpensslFree<T, kFree>>;

}  // namespace v0
}  // namespace vx11
