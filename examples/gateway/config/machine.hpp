#pragma once

/// \file
/// What this machine and its container allow the process to use.

#include <cstddef>
#include <filesystem>
#include <optional>

namespace gateway {

/// The processors this process may use: the smallest of those that are online, its affinity and the
/// quota of its control groups, rounded up. At least 1.
unsigned usable_processors();

/// The quota of the control groups (version 1 and 2) in processors, rounded up; none if there is no
/// limit. Reads the groups of the process from `list`, in the form of /proc/self/cgroup, and their
/// limits below `mount`, usually /sys/fs/cgroup. Each group up to the root of the mount limits.
std::optional<unsigned> processors_by_quota(const std::filesystem::path& list,
                                            const std::filesystem::path& mount);

/// Raises the soft limit of open files to the hard one.
/// \return the limit now
std::size_t raise_file_limit();

/// How many client connections `files` open files allow: each may need a second one to an upstream,
/// and a reserve is kept for listeners, logs, sessions and probes.
constexpr std::size_t connections_within(std::size_t files) noexcept {
  constexpr std::size_t kReserve = 192;  // 64 for the reserved lane, 64 for its calls, 64 others
  return files > kReserve + 2 ? (files - kReserve) / 2 : 1;
}

}  // namespace gateway
