#pragma once

/// \file
/// Checks of `[targets.NAME]`, and the dialects of targets.

#include <vx11/chat.hpp>

#include <memory>
#include <string_view>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// The dialect of a target whose API is given.
vx11::Result<std::shared_ptr<const vx11::ChatDialect>> make_dialect(const TargetConfig& target);

/// The dialect of its embeddings; null if its API has none. `make_dialect` must succeed for it.
std::shared_ptr<const vx11::ChatDialect> make_embeddings_dialect(const TargetConfig& target);

/// Reads the keys of targets; checks targets, groups, routes and names of models.
void settle_targets(LoadedConfig& loaded);

}  // namespace gateway
