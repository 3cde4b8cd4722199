#include "token_edit.hpp"

#include <vx11/socket/detail/fd.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway {

namespace {

namespace fs = std::filesystem;
using vx11::Errc;
using vx11::Result;
using vx11::socket_detail::Fd;

constexpr mode_t kOwnerAlone = 0600;

tl::unexpected<vx11::Error> failed(std::string_view what, const fs::path& path) {
  const std::error_code error(errno, std::generic_category());
  return vx11::fail(Errc::storage,
                    fmt::format("cannot {} \"{}\": {}", what, path.string(), error.message()));
}

/// The folder of `file`, locked against other editors until the descriptor is closed. The file
/// itself cannot carry the lock: it is replaced.
Result<Fd> lock_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return failed("open the folder", folder);
  constexpr int kTries = 1000;  // about 10 s: all who may read the folder can hold its lock
  for (int tries = 0; ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    const bool is_held = errno == EINTR || errno == EWOULDBLOCK;
    if (!is_held || tries == kTries) return failed("lock the folder", folder);
    ::usleep(10'000);
  }
  return opened;
}

/// A file beside `target` that is removed unless it takes its place.
class Replacement {
 public:
  explicit Replacement(fs::path target)
      : target_(std::move(target)), name_(target_.string() + ".new-XXXXXX") {
    file_ = Fd(::mkostemp(name_.data(), O_CLOEXEC));
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (file_ && !is_placed_) ::unlink(name_.c_str());
  }

  /// With the mode and the owner of `old`, if there is one.
  Result<void> write(std::string_view text, const struct stat* old) {
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

  Result<void> take_place(const Fd& folder) {
    if (::rename(name_.c_str(), target_.c_str()) != 0) return failed("replace", target_);
    is_placed_ = true;
    if (::fsync(folder.get()) != 0) return failed("store the new name of", target_);
    return {};
  }

 private:
  fs::path target_;
  std::string name_;
  Fd file_ = {};
  bool is_placed_ = false;
};

Result<std::vector<vx11::TokenEntry>> entries_of(const std::string& path, bool exists,
                                                 MissingFile if_missing) {
  if (exists || if_missing == MissingFile::refused) return vx11::read_token_file(path);
  return std::vector<vx11::TokenEntry>();
}

}  // namespace

Result<void> edit_token_file(const std::string& path, MissingFile if_missing,
                             const TokenChange& change) {
  std::error_code unresolved;
  const fs::path target = fs::weakly_canonical(path, unresolved);
  if (unresolved) {
    errno = unresolved.value();
    return failed("find", path);
  }
  const auto folder = lock_folder_of(target);
  if (!folder) return vx11::fail(folder.error());
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) return failed("look up", target);
  auto entries = entries_of(target.string(), exists, if_missing);
  if (!entries) return vx11::fail(std::move(entries.error()));
  if (Result<void> changed = change(*entries); !changed) return changed;
  Replacement replacement(target);
  const std::string text = vx11::print_token_file(*entries);
  if (Result<void> written = replacement.write(text, exists ? &old : nullptr); !written) {
    return written;
  }
  return replacement.take_place(*folder);
}

}  // namespace gateway
