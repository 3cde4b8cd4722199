#include "operator/store/stored_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

/// Of which a change removes the oldest: more than a change adds, and soon done.
constexpr std::int64_t kTrimmedTogether = 512;

}  // namespace

std::string to_stored(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json object_of(const std::string& stored) {
  auto object = parse_bounded(stored);
  return object && object->is_object() ? *std::move(object) : nlohmann::json::object();
}

std::int64_t as_limit(std::size_t limit) noexcept {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return limit > static_cast<std::size_t>(kMost) ? kMost : static_cast<std::int64_t>(limit);
}

void trim_table(Connection& connection, const std::string& table, std::size_t most,
                vx11::WallTime oldest) {
  const std::int64_t newest = connection.integer("SELECT max(id) FROM " + table).value_or(0);
  connection.run("DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table +
                     " ORDER BY id LIMIT ?1) AND (id <= ?2 OR at < ?3)",
                 kTrimmedTogether, newest - std::min(as_limit(most), newest), to_stored(oldest));
}

}  // namespace backend
