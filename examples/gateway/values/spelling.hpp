#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gateway {

/// The candidate closest to `word`, or nothing if none is close.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// `, did you mean "x"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gateway
