#pragma once

/// \file
/// The command line: the flags of the settings table and a few more.

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/settings/config_load.hpp"
#include "gateway/settings/program.hpp"

namespace gateway {

/// What the program has to do.
enum class Job : std::uint8_t {
  serve,
  check_config,     ///< Print the effective settings, or every mistake.
  print_manual,     ///< Print docs/configuration.md.
  print_telemetry,  ///< Print the tables of docs/observability.md that stand in the source.
  print_text,       ///< Print `CommandLine::text`: help or version.
};

struct CommandLine {
  Job job = Job::serve;
  std::string text = {};
  std::optional<std::string> config_file = std::nullopt;
  Assignments flags = {};
};

/// Parses the arguments; mistakes are collected in `flags`. Values of unknown flags are never
/// shown, since they may be secrets.
CommandLine read_command_line(int argc, const char* const* argv,
                              const Program& program = gateway_program());

}  // namespace gateway
