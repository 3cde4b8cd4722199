#pragma once

/// \file
/// Deprecated, removed with the next minor version: the old place of `<vx11/with_policies.hpp>`.

#include <vx11/with_policies.hpp>

#pragma message("<vx11/transport/policed.hpp> is deprecated: include <vx11/with_policies.hpp>")
