#pragma once

/// \file
/// Answers as they are stored. Internal.

#include <vx11/http_message.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace shared {

/// A version, the status, the fields with their lengths, and the body.
std::string encoded(const HttpResponse& answer);
/// As many bytes as `encoded` returns.
std::size_t encoded_size(const HttpResponse& answer) noexcept;
/// \return null for anything but what `encoded` returns, such as that of a newer version
std::shared_ptr<const HttpResponse> decoded(std::string_view bytes);

}  // namespace shared
}  // namespace v0
}  // namespace vx11
