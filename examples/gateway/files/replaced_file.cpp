#include "gateway/files/replaced_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway {

namespace {

constexpr mode_t kOwnerAlone = 0600;

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

tl::unexpected<vx11::Error> failed(std::string_view what, const std::filesystem::path& path) {
  const std::error_code error(errno, std::generic_category());
  return vx11::fail(vx11::Errc::storage,
                    fmt::format("cannot {} \"{}\": {}", what, path.string(), error.message()));
}

Replacement::Replacement(std::filesystem::path target)
    : target_(std::move(target)), name_(target_.string() + ".new-XXXXXX") {
  file_ = vx11::socket_detail::Fd(::mkostemp(name_.data(), O_CLOEXEC));
}

Replacement::~Replacement() {
  if (file_ && !is_placed_) ::unlink(name_.c_str());
}

vx11::Result<void> Replacement::write(std::string_view text, const struct stat* old) {
  if (!file_) return failed("create a file beside", target_);
  const mode_t mode = old != nullptr ? old->st_mode & 07777 : kOwnerAlone;
  if (old != nullptr && ::fchown(file_.get(), old->st_uid, old->st_gid) != 0) {
    return failed("keep the owner of", target_);
  }
  if (::fchmod(file_.get(), mode) != 0) return failed("set the mode of", name_);
  while (!text.empty()) {
    const ssize_t count = ::write(file_.get(), text.data(), text.size());
    if (count < 0 && errno != EINTR) return failed("write", name_);
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file_.get()) != 0) return failed("write", name_);
  return {};
}

vx11::Result<void> Replacement::take_place(const vx11::socket_detail::Fd& folder) {
  if (::rename(name_.c_str(), target_.c_str()) != 0) return failed("replace", target_);
  is_placed_ = true;
  if (::fsync(folder.get()) != 0) return failed("store the new name of", target_);
  return {};
}

vx11::Result<vx11::socket_detail::Fd> lock_beside(const std::string& path,
                                                  std::string_view setting) {
  std::error_code ignored;
  fs::create_directories(folder_of(path), ignored);  // what fails shows in the next line
  const std::string lock = path + ".lock";
  vx11::socket_detail::Fd opened(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerAlone));
  if (!opened) return failed("open", lock);
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) == 0) return opened;
  if (errno != EWOULDBLOCK) return failed("lock", lock);
  return vx11::fail(
      vx11::Errc::storage,
      fmt::format("another gateway uses \"{}\"; give each its own {}", path, setting));
}

vx11::Result<void> replace_file(const fs::path& path, std::string_view text) {
  const fs::path folder = folder_of(path);
  const vx11::socket_detail::Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return failed("open the folder", folder);
  Replacement replacement{path};
  if (vx11::Result<void> written = replacement.write(text, nullptr); !written) return written;
  return replacement.take_place(opened);
}

}  // namespace gateway
