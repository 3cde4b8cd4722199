#pragma once

/// \file
/// The arguments of `vx11-gateway top`.

#include <vx11/clock.hpp>

#include <string>

namespace gateway {

struct TopOptions {
  std::string url = "http://127.0.0.1:8000";  ///< Or `unix:/path`.
  std::string token = {};                     ///< Empty: none is sent.
  std::string ca_file = {};                   ///< PEM, for https; empty: the system's.
  vx11::Duration interval = std::chrono::seconds(1);
  bool once = false;  ///< One frame on standard output.
};

}  // namespace gateway
