#include "operator/store/stored_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

/// Of which a change removes the oldest: more than a change adds, and soon done.
constexpr std::int64_t kTrimmedTogether = 512;

/// Whether the byte continues a character of UTF-8.
bool continues(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::string to_stored(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json object_of(const std::string& stored) {
  auto object = parse_bounded(stored);
  return object && object->is_object() ? *std::move(object) : nlohmann::json::object();
}

std::string bounded_text(std::string_view text, std::size_t most) {
  std::size_t size = std::min(text.size(), most);
  if (size < text.size()) {
    while (size > 0 && continues(text[size])) --size;
  }
  // The JSON library replaces what is no UTF-8.
  const std::string quoted = to_stored(nlohmann::json(std::string(text.substr(0, size))));
  return nlohmann::json::parse(quoted).get<std::string>();
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
