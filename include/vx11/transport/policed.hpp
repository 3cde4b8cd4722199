#pragma once

/// \file
/// Deprecated, removed in the next minor version: the old header of `<vx11/with_policies.hpp>`.

#include <vx11/with_policies.hpp>

#pragma message("<vx11/transport/policed.hpp> is deprecated: include <vx11/with_policies.hpp>")
