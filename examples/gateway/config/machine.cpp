#include "gateway/config/machine.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

#include <sched.h>
#include <sys/resource.h>

namespace gateway {

namespace {

namespace fs = std::filesystem;

/// The numbers in a file, separated by spaces; "max" and anything else end it.
std::optional<double> quota_in(const fs::path& file, std::optional<double> period) {
  std::ifstream in(file);
  double quota = 0;
  if (!(in >> quota) || quota <= 0) return std::nullopt;
  double listed = 0;
  if (!period && in >> listed) period = listed;
  if (!period || *period <= 0) return std::nullopt;
  return quota / *period;
}

std::optional<double> number_in(const fs::path& file) {
  std::ifstream in(file);
  double number = 0;
  if (!(in >> number)) return std::nullopt;
  return number;
}

/// Version 2: `cpu.max` holds quota and period.
std::optional<double> limit_v2(const fs::path& group) {
  return quota_in(group / "cpu.max", std::nullopt);
}

std::optional<double> limit_v1(const fs::path& group) {
  return quota_in(group / "cpu.cfs_quota_us", number_in(group / "cpu.cfs_period_us"));
}

/// The smallest limit of `group`, a path below `root`, and of the groups above it. In a container
/// the path may be that of the host, of which only the last group is mounted.
template <class Limit>
std::optional<double> smallest(const fs::path& root, fs::path group, Limit limit) {
  std::optional<double> found;
  for (;; group = group.parent_path()) {
    const auto here = limit(root / group.relative_path());
    if (here) found = std::min(found.value_or(*here), *here);
    if (!group.has_relative_path()) return found;
  }
}

bool names(std::string_view controllers, std::string_view wanted) {
  for (std::size_t begin = 0; begin <= controllers.size();) {
    const std::size_t end = std::min(controllers.find(',', begin), controllers.size());
    if (controllers.substr(begin, end - begin) == wanted) return true;
    begin = end + 1;
  }
  return false;
}

/// One line of /proc/self/cgroup: `0::/group`, or `4:cpu,cpuacct:/group` in version 1.
std::optional<double> limit_of(std::string_view line, const fs::path& mount) {
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first == line.npos ? first : first + 1);
  if (second == line.npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  const fs::path group(line.substr(second + 1));
  if (controllers.empty()) return smallest(mount, group, limit_v2);
  if (!names(controllers, "cpu")) return std::nullopt;
  for (const std::string_view folder : {controllers, std::string_view("cpu")}) {
    if (const auto found = smallest(mount / folder, group, limit_v1)) return found;
  }
  return std::nullopt;
}

/// The C++ library counts the processors that are online, whatever the affinity is.
unsigned processors_by_affinity() {
  constexpr int kMost = 1 << 16;  // sets grow until the kernel's fits
  for (int size = CPU_SETSIZE; size <= kMost; size *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return static_cast<unsigned>(count);
  }
  return std::numeric_limits<unsigned>::max();
}

}  // namespace

std::optional<unsigned> processors_by_quota(const fs::path& list, const fs::path& mount) {
  std::ifstream lines(list);
  std::optional<double> found;
  for (std::string line; std::getline(lines, line);) {
    const auto limit = limit_of(line, mount);
    if (limit) found = std::min(found.value_or(*limit), *limit);
  }
  if (!found) return std::nullopt;
  constexpr double kMost = std::numeric_limits<unsigned>::max();
  return static_cast<unsigned>(std::clamp(std::ceil(*found), 1.0, kMost));
}

unsigned usable_processors() {
  const unsigned allowed =
      std::min(std::max(1U, std::thread::hardware_concurrency()), processors_by_affinity());
  const auto quota = processors_by_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return std::min(allowed, quota.value_or(allowed));
}

std::size_t raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return std::numeric_limits<std::size_t>::max();
  rlimit raised = files;
  raised.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) files = raised;
  if (files.rlim_cur == RLIM_INFINITY) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(files.rlim_cur);
}

}  // namespace gateway
