#pragma once

/// \file
/// Reads the `fallback_rules` of a router's description.

#include <vx11/fallback_rule.hpp>

#include <vector>

#include "fields.hpp"

namespace vx11::c {

/// Mistakes are recorded in `fields`. What the statuses and `next` have to be is checked by
/// `Router::create`.
std::vector<FallbackRule> read_fallback_rules(Fields& fields);

}  // namespace vx11::c
