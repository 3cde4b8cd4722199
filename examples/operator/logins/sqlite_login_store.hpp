#pragma once

/// \file
/// Logins in the database. Internal.

#include <memory>

#include "operator/logins/login_store.hpp"
#include "operator/store/database.hpp"

namespace backend {

std::shared_ptr<LoginStore> make_sqlite_login_store(std::shared_ptr<Database> database);

}  // namespace backend
