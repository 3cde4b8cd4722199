#pragma once

/// \file
/// The API that a target of a router has, and the fields of a description that belong to it.

#include <vx11/result.hpp>
#include <vx11/router.hpp>

#include "fields.hpp"

namespace vx11::c {

/// Reads `dialect` and what belongs to it (`model`, `key`, `system_prompt`, `history_tokens`,
/// `max_tokens`, `path`, `extra`), as vx11.h describes them. Call after `url` and `headers` were
/// read: the URL's path becomes the dialect's, the key a header.
/// \return `invalid_argument` that names what is wrong. Mistakes in `fields` are left to its user.
Result<void> read_dialect(Fields& fields, RouterTarget& target);

}  // namespace vx11::c
