#include "gateway/auth/token_edit.hpp"

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

#include "gateway/files/replaced_file.hpp"

namespace gateway {

namespace {

namespace fs = std::filesystem;
using vx11::Errc;
using vx11::Result;
using vx11::socket_detail::Fd;

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
