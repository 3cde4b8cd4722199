#pragma once

/// \file
/// A field whose type is that of others, and whose complaints name something of its own.

#include "gateway/settings/settings.hpp"

namespace gateway {

/// The same field; its complaints and the reference manual say `wanted`, whose text outlives it.
Field worded(Field field, Wanted wanted);

}  // namespace gateway
