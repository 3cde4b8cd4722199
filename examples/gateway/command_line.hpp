#pragma once

/// \file
/// The command line: flags from the table of settings, and a few of its own.

#include <cstdint>
#include <optional>
#include <string>

#include "config_load.hpp"

namespace gateway {

/// What the gateway is asked to do.
enum class Job : std::uint8_t {
  serve,
  check_config,  ///< Print what is in force, or every mistake.
  print_manual,  ///< Print docs/configuration.md.
  print_text,    ///< Print `CommandLine::text`: help or version.
};

struct CommandLine {
  Job job = Job::serve;
  std::string text = {};
  std::optional<std::string> config_file = std::nullopt;
  Assignments flags = {};
};

/// Reads arguments; mistakes in them are in `flags`. Values of flags it does not know are not
/// shown: they may be secrets.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace gateway
