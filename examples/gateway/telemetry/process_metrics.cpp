#include "gateway/telemetry/process_metrics.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Of a file in /proc, which needs no disk.
std::string text_of(const char* path) {
  std::array<char, 2048> text{};
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// \param at counted from 0, in a text of numbers between spaces
double number_at(std::string_view text, std::size_t at) {
  for (; at > 0 && !text.empty(); --at)
    text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
  double value = kUnknown;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Field `number` of /proc/self/stat, as proc(5) counts them; above 2, since the second is a name.
double stat_field(std::size_t number) {
  const std::string text = text_of("/proc/self/stat");
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos) return kUnknown;
  return number_at(std::string_view(text).substr(name_end + 2), number - 3);
}

/// When the machine was started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double value = kUnknown;
    if (word == "btime" && file >> value) return value;
  }
  return kUnknown;
}

double start_time() {
  return boot_time() + stat_field(22) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return kUnknown;
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

double page_bytes() {
  return static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t most_files() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

vx11::MetricFamily gauge(const char* name, const char* help, double (*read)(),
                         const char* unit = "") {
  return {.name = name,
          .help = help,
          .kind = vx11::MetricKind::gauge,
          .series = {{.real = read}},
          .unit = unit};
}

}  // namespace

/// Linux 6.2 and newer gives the number as the size of the folder.
void OpenFiles::count() {
  struct stat folder {};
  std::uint64_t number = 0;
  if (::stat("/proc/self/fd", &folder) == 0) number = static_cast<std::uint64_t>(folder.st_size);
  if (number == 0) {
    std::error_code error;
    const std::filesystem::directory_iterator files("/proc/self/fd", error);
    number = static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
  }
  number_.store(number, std::memory_order_relaxed);
}

std::vector<vx11::MetricFamily> process_metrics(std::shared_ptr<const OpenFiles> files) {
  static const double started = start_time();
  return {{.name = "process_cpu_seconds_total",
           .help = "Processor time of this process, in user and in system mode.",
           .series = {{.real = cpu_seconds}},
           .unit = "seconds"},
          gauge(
              "process_start_time_seconds", "When this process was started, since 1970.",
              [] { return started; }, "seconds"),
          gauge(
              "process_resident_memory_bytes", "Memory of this process that is in RAM.",
              [] { return number_at(text_of("/proc/self/statm"), 1) * page_bytes(); }, "bytes"),
          gauge(
              "process_virtual_memory_bytes", "Addresses that this process has reserved.",
              [] { return number_at(text_of("/proc/self/statm"), 0) * page_bytes(); }, "bytes"),
          gauge("process_threads", "Threads of this process.", [] { return stat_field(20); }),
          {.name = "process_open_fds",
           .help = "Open files of this process, counted within a second after the scrape before.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [files = std::move(files)] { return files->number(); }}}},
          {.name = "process_max_fds",
           .help = "How many files this process may open.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = most_files}}}};
}

}  // namespace gateway
