#pragma once

/// \file
/// The secrets of a configuration: where they come from, and whether they are good enough.

#include <string>
#include <string_view>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// The default token.
inline constexpr std::string_view kDevelopmentToken = "vx11-local-token";

/// The location to report for a mistake in the value of `key`.
std::string place_of(const LoadedConfig& loaded, std::string_view key);
/// Adds a mistake in the value of `key`.
void complain(LoadedConfig& loaded, std::string_view key, std::string what,
              Mistake::Kind kind = Mistake::Kind::written);

/// Whether there is a mistake in the value of `key` already, so that it seems not given.
bool is_mistaken(const LoadedConfig& loaded, std::string_view key);

/// Reads the secret `key` from the first line of the file, if the file's setting has a source of
/// higher precedence than the secret's.
void take_from_file(LoadedConfig& loaded, std::string_view key, Secret& secret,
                    const FilePath& path);

/// Reads secrets from their files and sets the defaults of those that are not given.
void settle_secrets(LoadedConfig& loaded, const Environment& environment);

/// Refuses the development token, and one that is short enough to guess, where other machines can
/// connect; a short one is a warning elsewhere.
void check_tokens(LoadedConfig& loaded, const Environment& environment);

}  // namespace gateway
