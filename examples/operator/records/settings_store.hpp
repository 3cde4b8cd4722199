#pragma once

/// \file
/// The settings of each user. Internal.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "operator/store/database.hpp"

namespace backend {

/// **Thread-safe**; outlives its tasks. Errors are `storage`.
class SettingsStore {
 public:
  explicit SettingsStore(std::shared_ptr<Database> database, vx11::WallClock wall_clock = {})
      : database_(std::move(database)), wall_clock_(wall_clock) {}

  /// What the user has set; an empty object if that is nothing.
  vx11::Task<vx11::Result<nlohmann::json>> get(std::string principal) const;
  /// Sets the members of `changes`, and leaves the others as they are.
  /// \param also called within the transaction, for what is stored with the change or not at all
  /// \return all that the user has set, once it is on disk
  vx11::Task<vx11::Result<nlohmann::json>> change(std::string principal, nlohmann::json changes,
                                                  std::function<void(Connection&)> also = {}) const;

 private:
  std::shared_ptr<Database> database_;
  vx11::WallClock wall_clock_;
};

}  // namespace backend
