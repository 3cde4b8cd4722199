#pragma once

/// \file
/// Values as they are stored: times as milliseconds, objects as JSON text; and how tables are kept
/// small. Internal.

#include <vx11/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "operator/store/connection.hpp"

namespace backend {

inline std::int64_t to_stored(vx11::WallTime time) noexcept {
  return time.time_since_epoch().count();
}
inline vx11::WallTime time_of(std::int64_t stored) noexcept {
  return vx11::WallTime(std::chrono::milliseconds(stored));
}
/// Bytes that are no UTF-8 are replaced.
std::string to_stored(const nlohmann::json& object);
/// An empty object if it is damaged.
nlohmann::json object_of(const std::string& stored);

/// At most `limit`, as SQLite counts.
std::int64_t as_limit(std::size_t limit) noexcept;

/// Removes the oldest rows of a table whose ids count up: beyond `most`, and those from before
/// `oldest`; a bounded number.
/// \param table one of our own, with the columns `id` and `at`
void trim_table(Connection& connection, const std::string& table, std::size_t most,
                vx11::WallTime oldest);

}  // namespace backend
