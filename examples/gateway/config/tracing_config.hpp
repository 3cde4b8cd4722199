#pragma once

/// \file
/// The configuration of traces: `[tracing]`.

#include <vx11/otlp.hpp>
#include <vx11/tracing.hpp>

#include <cstddef>
#include <string>

#include "gateway/config/config_values.hpp"

namespace gateway {

struct TracingConfig {
  TargetUrl endpoint = {};  ///< Empty: requests are not traced.
  std::string service_name = "vx11-gateway";
  double ratio = vx11::TracerOptions{}.ratio;
  bool parent_based = vx11::TracerOptions{}.parent_based;
  bool on_error = vx11::TracerOptions{}.on_error;
  HeaderLines headers = {};
  FilePath headers_file = {};
  FilePath ca_file = {};
  bool compression = true;
  std::size_t max_queue = vx11::OtlpOptions{}.max_queue;
  std::size_t max_batch = vx11::OtlpOptions{}.max_batch;
  vx11::Duration delay = vx11::OtlpOptions{}.delay;
  vx11::Duration timeout = vx11::OtlpOptions{}.timeout;

  bool is_on() const noexcept { return !endpoint.origin.empty(); }
};

}  // namespace gateway
