#include "auth/token_file_text.hpp"

#include <vx11/socket/detail/fd.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {

namespace {

using socket_detail::Fd;

tl::unexpected<Error> not_read(const std::string& path) {
  const std::error_code error(errno, std::generic_category());
  return fail(Errc::storage, fmt::format("\"{}\" cannot be read: {}", path, error.message()));
}

Result<void> check_kind(int file, const std::string& path, const OwnersFile& kind) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return not_read(path);
  if (!S_ISREG(found.st_mode)) {
    return fail(Errc::invalid_argument, fmt::format("\"{}\" is not a regular file", path));
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Errc::invalid_argument,
                fmt::format("\"{0}\" may be written by others than its owner, who could add {1}; "
                            "run chmod go-w {0}",
                            path, kind.holds));
  }
  // Secrets that Kubernetes mounts belong to root and are read through their group.
  if (kind.is_secret && (found.st_mode & S_IROTH) != 0) {
    return fail(Errc::invalid_argument,
                fmt::format("\"{0}\" holds {1} and may be read by every user; run chmod o-r {0}",
                            path, kind.holds));
  }
  return {};
}

Result<std::string> read_all(int file, const std::string& path, const OwnersFile& kind) {
  std::string text;
  std::array<char, 16'384> part;
  for (;;) {
    const ssize_t count = ::read(file, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return not_read(path);
    if (count == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > kind.most_kib * 1024) {
      return fail(Errc::invalid_argument,
                  fmt::format("\"{}\" is larger than {} KiB, the most that is read; remove the "
                              "{} that are not used any more",
                              path, kind.most_kib, kind.holds));
    }
  }
}

}  // namespace

Result<std::string> owners_file_text(const std::string& path, const OwnersFile& kind) {
  // A FIFO without a writer would block.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return not_read(path);
  if (Result<void> checked = check_kind(file.get(), path, kind); !checked) {
    return fail(checked.error());
  }
  return read_all(file.get(), path, kind);
}

Result<std::string> token_file_text(const std::string& path) {
  return owners_file_text(path, {.holds = "tokens", .most_kib = std::size_t{16} * 1024});
}

}  // namespace v0
}  // namespace vx11
