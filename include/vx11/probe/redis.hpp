#pragma once

/// \file
/// Deprecated, removed with the next minor version: the old place of
/// `<vx11/health/redis_probe.hpp>`.

#include <vx11/health/redis_probe.hpp>

#pragma message("<vx11/probe/redis.hpp> is deprecated: include <vx11/health/redis_probe.hpp>")
