#include "operator/records/settings_store.hpp"

#include <utility>

#include "operator/store/stored_text.hpp"

namespace backend {

namespace {

nlohmann::json settings_of(Connection& connection, const std::string& principal) {
  const auto stored = connection.text("SELECT value FROM settings WHERE principal = ?1", principal);
  return stored ? object_of(*stored) : nlohmann::json::object();
}

}  // namespace

vx11::Task<vx11::Result<nlohmann::json>> SettingsStore::get(std::string principal) const {
  auto reading = database_->read([principal = std::move(principal)](Connection& connection) {
    return settings_of(connection, principal);
  });
  co_return co_await std::move(reading);
}

vx11::Task<vx11::Result<nlohmann::json>> SettingsStore::change(
    std::string principal, nlohmann::json changes, std::function<void(Connection&)> also) const {
  const auto now = to_stored(wall_clock_.now());
  auto changing = database_->write([principal = std::move(principal), changes = std::move(changes),
                                    also = std::move(also), now](Connection& connection) {
    nlohmann::json settings = settings_of(connection, principal);
    settings.update(changes);
    connection.run(
        "INSERT OR REPLACE INTO settings (principal, value, updated_at)"
        " VALUES (?1, ?2, ?3)",
        principal, to_stored(settings), now);
    if (also) also(connection);
    return settings;
  });
  co_return co_await std::move(changing);
}

}  // namespace backend
