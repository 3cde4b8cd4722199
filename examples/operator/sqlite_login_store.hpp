#pragma once

/// \file
/// Logins in the database. Internal.

#include <memory>

#include "database.hpp"
#include "login_store.hpp"

namespace backend {

std::shared_ptr<LoginStore> make_sqlite_login_store(std::shared_ptr<Database> database);

}  // namespace backend
