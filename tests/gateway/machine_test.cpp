// What the machine allows: processors by control groups of both versions, connections by open
// files.
#include "gateway/config/machine.hpp"

#include <fstream>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>

#include "scratch_folder.hpp"

using namespace gateway;

namespace {

/// A made-up /proc/self/cgroup and /sys/fs/cgroup.
struct Groups {
  ScratchFolder folder;
  std::string list = folder.write("list", "");
  std::filesystem::path mount = std::filesystem::path(list).parent_path() / "mount";

  void are(const std::string& text) const { std::ofstream(list) << text; }
  void write(const std::string& file, const std::string& text) const {
    const auto path = mount / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::optional<unsigned> quota() const { return processors_by_quota(list, mount); }
};

}  // namespace

TEST_CASE_FIXTURE(Groups, "without control groups, or without a quota, there is no limit") {
  CHECK_FALSE(quota());
  are("0::/a/b\n");
  CHECK_FALSE(quota());
  write("a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(quota());
  are("not a list\n:\n");
  CHECK_FALSE(quota());
}

TEST_CASE_FIXTURE(Groups,
                  "version 2: the smallest quota of the group and those above, rounded up") {
  are("0::/a/b\n");
  write("a/b/cpu.max", "400000 100000\n");
  CHECK(quota() == 4);
  write("a/cpu.max", "150000 100000\n");
  CHECK(quota() == 2);
  write("a/cpu.max", "10000 100000\n");
  CHECK(quota() == 1);
}

TEST_CASE_FIXTURE(Groups, "version 2 in a container: only the own group is mounted, at the root") {
  are("0::/system.slice/docker-4711.scope\n");
  write("cpu.max", "300000 100000\n");
  CHECK(quota() == 3);
}

TEST_CASE_FIXTURE(Groups, "version 1: quota and period are files of the controller cpu") {
  are("7:memory:/m\n4:cpu,cpuacct:/docker/4711\n");
  write("cpu,cpuacct/docker/4711/cpu.cfs_quota_us", "-1\n");
  write("cpu,cpuacct/docker/4711/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(quota());
  write("cpu,cpuacct/docker/4711/cpu.cfs_quota_us", "250000\n");
  CHECK(quota() == 3);
}

TEST_CASE_FIXTURE(Groups, "version 1 mounted as cpu, in a container") {
  are("4:cpu,cpuacct:/docker/4711\n3:cpuset:/docker/4711\n");
  write("cpu/cpu.cfs_quota_us", "50000\n");
  write("cpu/cpu.cfs_period_us", "100000\n");
  CHECK(quota() == 1);
}

TEST_CASE("the affinity of the process limits the processors") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usable_processors() == 1);
  ::sched_setaffinity(0, sizeof before, &before);
}

TEST_CASE("connections need two open files each, beside a reserve") {
  CHECK(connections_within(1024) == 416);
  CHECK(connections_within(1'048'576) == 524'192);
  CHECK(connections_within(64) == 1);
  CHECK(connections_within(0) == 1);
}

TEST_CASE("the soft limit of open files is raised to the hard one") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_file_limit() == before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}
