#pragma once

/// \file
/// Texts of `vx11-gateway top`: numbers in few characters, and columns. Pure functions.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// `830us`, `12ms`, `1.52s`, `3m10s`; `-` for none.
std::string short_time(std::optional<double> seconds);
/// `0.4`, `12.3`, `1204`, `3.1M`.
std::string short_number(double number);
/// `512B`, `34.2MiB`.
std::string short_bytes(double bytes);
/// `0%`, `0.3%`, `12%`: of `part` in `whole`; `-` if there is nothing.
std::string percent(double part, double whole);

/// The text in a column of `width` characters, cut with a mark, filled with spaces.
std::string left(std::string_view text, std::size_t width);
std::string right(std::string_view text, std::size_t width);

/// At most `width` characters of UTF-8; bytes that are none become `?`.
/// \param has_utf8 false: every character outside of ASCII becomes `?`
std::string fit(std::string_view text, std::size_t width, bool has_utf8);

}  // namespace gateway
