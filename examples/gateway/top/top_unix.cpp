#include "gateway/top/top_unix.hpp"

#include <vx11/headers.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace gateway {

namespace {

using vx11::Result;

constexpr std::size_t kMostBytes = std::size_t{64} * 1024 * 1024;

/// How often a wait looks whether it is to stop.
constexpr std::chrono::milliseconds kLook(50);

/// What ends an exchange early.
struct Limit {
  vx11::TimePoint until;
  const std::stop_token& stop;
};

/// A connection that never blocks, closed at its end.
class Connection {
 public:
  Connection() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }

 private:
  const int fd_;
};

/// Waits for a moment.
/// \param fd -1: only time passes
/// \return errno, or 0 with whether the descriptor is ready
int look(int fd, short events, const Limit& limit, bool& is_ready) {
  if (limit.stop.stop_requested()) return ECANCELED;
  const vx11::Duration left = limit.until - vx11::SteadyClock().now();
  if (left <= vx11::Duration::zero()) return ETIMEDOUT;
  const auto wait = std::min(std::chrono::ceil<std::chrono::milliseconds>(left), kLook);
  pollfd watched{.fd = fd, .events = events, .revents = 0};
  const int count = ::poll(&watched, 1, static_cast<int>(wait.count()));
  is_ready = count > 0;
  return count < 0 && errno != EINTR ? errno : 0;
}

/// \return errno, or 0: the descriptor is ready
int await(int fd, short events, const Limit& limit) {
  bool is_ready = false;
  int error = 0;
  while (error == 0 && !is_ready) error = look(fd, events, limit, is_ready);
  return error;
}

/// Calls until it is done or fails.
/// \return errno, or 0 with what the last call returned in `result`
template <class Call>
int complete(int fd, short events, const Limit& limit, ssize_t& result, Call call) {
  for (;;) {
    result = call();
    if (result >= 0) return 0;
    if (errno != EAGAIN && errno != EINTR) return errno;
    if (const int error = await(fd, events, limit); error != 0) return error;
  }
}

int connect_to(int fd, const std::string& socket, const Limit& limit) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  for (;;) {
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
    if (errno != EAGAIN && errno != EINTR) return errno;
    // EAGAIN: the listener's queue is full, and no event says when it is not.
    bool is_ready = false;
    if (const int error = look(-1, 0, limit, is_ready); error != 0) return error;
  }
}

int send_all(int fd, std::string_view text, const Limit& limit) {
  while (!text.empty()) {
    ssize_t sent = 0;
    const int error = complete(fd, POLLOUT, limit, sent,
                               [&] { return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); });
    if (error != 0) return error;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return 0;
}

int read_to_end(int fd, std::string& into, const Limit& limit) {
  char piece[16 * 1024];
  while (into.size() <= kMostBytes) {
    ssize_t got = 0;
    if (const int error = await(fd, POLLIN, limit); error != 0) return error;
    const int error =
        complete(fd, POLLIN, limit, got, [&] { return ::recv(fd, piece, sizeof piece, 0); });
    if (error != 0 || got == 0) return error;
    into.append(piece, static_cast<std::size_t>(got));
  }
  return EMSGSIZE;
}

vx11::Error failed(const std::string& socket, int error) {
  const auto code = error == ETIMEDOUT   ? vx11::Errc::timeout
                    : error == ECANCELED ? vx11::Errc::cancelled
                                         : vx11::Errc::unreachable;
  return vx11::Error(code, fmt::format("{}: {}", socket, std::generic_category().message(error)));
}

bool reads_number(std::string_view text, auto& number) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

/// Whether the head names no length, or that of the body.
bool is_whole(std::string_view head, std::size_t body) {
  constexpr std::string_view kLength = "content-length:";
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    std::size_t length = 0;
    if (vx11::equals_ignoring_case(line.substr(0, kLength.size()), kLength))
      return reads_number(line.substr(kLength.size()), length) && length == body;
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return true;
}

/// `HTTP/1.1 200 OK`, fields, an empty line, and the body.
Result<vx11::HttpResponse> response_in(const std::string& text) {
  const std::size_t body = text.find("\r\n\r\n");
  vx11::HttpResponse response;
  if (!text.starts_with("HTTP/1.") || body == text.npos ||
      !reads_number(std::string_view(text).substr(std::min(text.find(' '), body)),
                    response.status)) {
    return vx11::fail(vx11::Errc::invalid_reply, "the answer is not HTTP");
  }
  response.body = text.substr(body + 4);
  if (!is_whole(std::string_view(text).substr(0, body), response.body.size()))
    return vx11::fail(vx11::Errc::invalid_reply, "the answer is cut off");
  return response;
}

}  // namespace

Result<vx11::HttpResponse> get_over_unix(const std::string& socket, const std::string& path,
                                         const std::string& header, vx11::Duration limit,
                                         const std::stop_token& stop) {
  const Connection connection;
  const int fd = connection.fd();
  if (fd < 0) return vx11::fail(failed(socket, errno));
  const Limit within{.until = vx11::SteadyClock().now() + limit, .stop = stop};
  const std::string request =
      fmt::format("GET {} HTTP/1.0\r\nHost: localhost\r\n{}\r\n", path, header);
  std::string answer;
  int error = connect_to(fd, socket, within);
  if (error == 0) error = send_all(fd, request, within);
  if (error == 0) error = read_to_end(fd, answer, within);
  if (error != 0) return vx11::fail(failed(socket, error));
  return response_in(answer);
}

}  // namespace gateway
