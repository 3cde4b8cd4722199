#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include "file_text.hpp"
#include "replaced_file.hpp"
#include "service_levels.hpp"

namespace gateway {

namespace {

namespace fs = std::filesystem;
using vx11::Errc;
using vx11::Result;
using vx11::socket_detail::Fd;

constexpr auto kBetweenSaves = std::chrono::minutes(1);
/// Longer than any period.
constexpr auto kLongestKept = std::chrono::hours(24 * 400);
constexpr std::size_t kMostOthers = 100;

fs::path folder_of(const std::string& file) {
  const fs::path path(file);
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_kept(const NamedHistory& named, vx11::WallTime now) {
  return named.history.saved + kLongestKept > now;
}

/// Adds what is in the file.
void restore(const Histories& histories, const vx11::ServiceObjectives& objectives) {
  for (const auto& [objective, level] : objectives.entries()) {
    const auto found = histories.find(objective.name);
    if (found == histories.end()) continue;
    if (found->second.counted == counted_text(objective)) {
      level->restore(found->second.history);
    } else {
      spdlog::warn("slo.{}: counts other requests than before, so its history begins anew",
                   objective.name);
    }
  }
}

}  // namespace

/// Held until the descriptor is closed. The file itself cannot carry it: it is replaced.
Result<void> HistoryFile::lock() {
  if (lock_) return {};
  std::error_code ignored;
  fs::create_directories(folder_of(path_), ignored);  // what fails shows in the next line
  const std::string path = path_ + ".lock";
  Fd opened(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!opened) return failed("open", path);
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock", path);
    return vx11::fail(Errc::storage, fmt::format("another gateway uses \"{}\"; give each its own "
                                                 "service_levels.file",
                                                 path_));
  }
  lock_ = std::move(opened);
  return {};
}

Result<void> HistoryFile::load(const vx11::ServiceObjectives& objectives) {
  if (is_loaded_) return {};
  if (Result<void> locked = lock(); !locked) return locked;
  std::error_code error;
  if (fs::exists(path_, error)) {
    const auto text = file_text(path_);
    if (!text) return vx11::fail(Errc::storage, unreadable(path_, text.error()));
    auto histories = read_histories(*text);
    if (!histories) {
      return vx11::fail(Errc::storage,
                        fmt::format("\"{}\" {}; it is left as it is: move it away, or set "
                                    "service_levels.file",
                                    path_, histories.error().detail));
    }
    restore(*histories, objectives);
    others_ = *std::move(histories);
  }
  is_loaded_ = true;
  return {};
}

Result<void> HistoryFile::save(const vx11::ServiceObjectives& objectives) {
  if (Result<void> loaded = load(objectives); !loaded) return loaded;
  const vx11::WallTime now = vx11::WallClock().now();
  std::erase_if(others_, [&](const auto& entry) { return !is_kept(entry.second, now); });
  Histories all;
  for (const auto& [name, named] : others_) {
    if (all.size() < kMostOthers) all.emplace(name, named);
  }
  for (const auto& [objective, level] : objectives.entries()) {
    all[objective.name] = {.counted = counted_text(objective), .history = level->history()};
  }
  return write(print_histories(all));
}

Result<void> HistoryFile::write(std::string_view text) const {
  const Fd folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed("open the folder", folder_of(path_));
  Replacement replacement{fs::path(path_)};
  if (Result<void> written = replacement.write(text, nullptr); !written) return written;
  return replacement.take_place(folder);
}

KeptHistory::KeptHistory(std::string path) : due_(vx11::SteadyClock().now() + kBetweenSaves) {
  if (!path.empty()) file_ = std::make_unique<HistoryFile>(std::move(path));
}

void KeptHistory::load(const vx11::ServiceObjectives& objectives) {
  if (file_ != nullptr) report(file_->load(objectives));
}

void KeptHistory::tend(const vx11::ServiceObjectives& objectives) {
  const vx11::TimePoint now = vx11::SteadyClock().now();
  if (now < due_) return;
  due_ = now + kBetweenSaves;
  save(objectives);
}

void KeptHistory::save(const vx11::ServiceObjectives& objectives) {
  if (file_ == nullptr || objectives.entries().empty()) return;
  report(file_->save(objectives));
}

void KeptHistory::report(const Result<void>& done) {
  if (done) {
    warned_.clear();
  } else if (std::exchange(warned_, done.error().detail) != done.error().detail) {
    spdlog::warn("the history of service levels is not kept: {}", done.error().detail);
  }
}

}  // namespace gateway
