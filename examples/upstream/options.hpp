#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "net.hpp"
#include "settings.hpp"

namespace upstream {

/// The parsed command line.
struct Options {
  std::optional<Tcp::endpoint> madre = {};       ///< empty: not served
  std::optional<Tcp::endpoint> switch_ = {};     ///< empty: not served
  std::optional<Tcp::endpoint> models = {};      ///< empty: not served
  std::optional<Tcp::endpoint> hormiguero = {};  ///< empty: not served
  Tcp::endpoint control = {};
  std::string token = {};               ///< empty: no authentication
  std::string models_key = {};          ///< empty: no authentication
  bool deployed = false;                ///< behave as the deployed programs
  std::optional<Dialect> dialect = {};  ///< empty: by `deployed`
  std::optional<int> command_ms = {};   ///< empty: by `deployed`
  std::size_t threads = 1;
  int latency_ms = 0;
};

/// Parses the command line into `options`.
/// \return the exit code if the program should end now
std::optional<int> parse_options(int argc, char** argv, Options& options);

}  // namespace upstream
