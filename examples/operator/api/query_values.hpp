#pragma once

/// \file
/// Parameters of queries, as lists have them. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

/// A value, or the answer 422 that says which parameter is wrong.
template <class T>
using QueryValue = tl::expected<T, ApiAnswer>;

/// 422 with the parameter as `loc`.
ApiAnswer invalid_query(std::string_view name, std::string_view message, std::string_view type);

/// `limit`: 1 to 500, 50 if it is absent.
QueryValue<std::size_t> limit_of(const ApiCall& call);
/// An id of the database: digits, at least 1; none if it is absent.
QueryValue<std::optional<std::uint64_t>> id_of(const ApiCall& call, std::string_view name);
/// A time of RFC 3339; none if it is absent.
QueryValue<std::optional<vx11::WallTime>> time_of(const ApiCall& call, std::string_view name);
/// A text of at most `most` bytes in UTF-8, without control characters; empty if it is absent.
QueryValue<std::string> text_of(const ApiCall& call, std::string_view name, std::size_t most);

/// The digits of an id of the database; none for anything else. One that no database reaches is the
/// largest one.
std::optional<std::uint64_t> parse_id(std::string_view digits) noexcept;

/// Whether the client accepts an event stream, which it then gets.
bool wants_event_stream(const vx11::HttpRequest& request);

}  // namespace backend
