#pragma once

/// \file
/// Reads a running gateway for `vx11-gateway top`.

#include <vx11/result.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "gateway/top/top_frame.hpp"
#include "gateway/top/top_options.hpp"

namespace gateway {

/// Reads `GET /metrics` and, with a token, `GET /operator/status`. Blocks, for two seconds at most.
/// One call at a time.
/// \return what was read, or an error whose detail says what to do
using TopSource = std::function<vx11::Result<TopSample>(std::stop_token stop)>;

/// The states of the answer of `GET /operator/status`, if the body is one. Components that are not
/// configured are left out: the gateway ignores them, too.
void read_status(const std::string& body, TopSample& into);

/// \return `invalid_argument` if the URL or the CA file cannot be used
vx11::Result<TopSource> make_top_source(const TopOptions& options);

}  // namespace gateway
