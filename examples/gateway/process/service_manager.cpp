#include "gateway/process/service_manager.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stop_token>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/log/log.hpp"

namespace gateway {

namespace {

/// A value of one line.
std::string line_of(std::string_view status) {
  std::string line(status);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::optional<std::uint64_t> number_of(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto [read, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || read != end) return std::nullopt;
  return number;
}

/// Sends one datagram. The receiver may be slow for a second, no longer.
/// \return 0, or the system's error
int send_datagram(const std::string& socket, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const bool is_abstract = socket.front() == '@';
  if (is_abstract) address.sun_path[0] = '\0';
  const std::size_t path = socket.size() + (is_abstract ? 0 : 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path);
  const int file = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0) return errno;
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const ssize_t sent = ::sendto(file, text.data(), text.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length);
  const int error = sent < 0 ? errno : 0;
  ::close(file);
  return error;
}

}  // namespace

void ServiceManager::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}", line_of(status)));
}

void ServiceManager::reloading(std::string_view status) const {
  const auto now = vx11::SteadyClock().now().time_since_epoch();  // CLOCK_MONOTONIC
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS={}", micros, line_of(status)));
}

void ServiceManager::stopping(std::string_view status) const {
  send(fmt::format("STOPPING=1\nSTATUS={}", line_of(status)));
}

void ServiceManager::alive() const {
  send("WATCHDOG=1");
}

void ServiceManager::send(const std::string& text) const {
  if (socket_.empty()) return;
  const int error = send_datagram(socket_, text);
  if (error == 0 || failed_.exchange(true)) return;
  log_event(LogEvent::service_manager_unreachable,
            {{"socket", socket_}, {"reason", std::generic_category().message(error)}});
}

std::optional<Duration> watchdog_limit(const Environment& environment) {
  const auto limit = number_of(environment("WATCHDOG_USEC"));
  if (!limit || *limit == 0) return std::nullopt;
  const auto process = environment("WATCHDOG_PID");
  if (process && number_of(process) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  constexpr std::uint64_t kLongest = 24ULL * 3600 * 1'000'000;
  return std::chrono::microseconds(std::min(*limit, kLongest));
}

Watchdog::Watchdog(const ServiceManager& manager, Duration limit, std::function<bool()> turns)
    : thread_([&manager, limit, turns = std::move(turns)](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
          if (turns()) manager.alive();
          never.wait_for(lock, stop, limit / 3, [] { return false; });
        }
      }) {}

}  // namespace gateway
