#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "gateway/files/file_text.hpp"
#include "gateway/files/replaced_file.hpp"
#include "gateway/log/log.hpp"
#include "gateway/telemetry/service_levels.hpp"

namespace gateway {

namespace {

namespace fs = std::filesystem;
using vx11::Errc;
using vx11::Result;

constexpr auto kBetweenSaves = std::chrono::minutes(1);
/// Longer than any period.
constexpr auto kLongestKept = std::chrono::hours(24 * 400);
constexpr std::size_t kMostOthers = 100;

bool is_kept(const NamedHistory& named, vx11::WallTime now) {
  return named.history.saved + kLongestKept > now;
}

using Entry = vx11::ServiceObjectives::Entry;

/// Adds what is known of its name.
void restore(const Histories& histories, const Entry& entry) {
  const auto found = histories.find(entry.objective.name);
  if (found == histories.end()) return;
  if (found->second.counted == counted_text(entry.objective)) {
    entry.level->restore(found->second.history);
  } else {
    log_event(LogEvent::slo_history_new, {{"objective", entry.objective.name}});
  }
}

bool has(const vx11::ServiceObjectives& objectives, const vx11::ServiceObjective& wanted) {
  const auto is_same = [&](const Entry& entry) {
    return entry.objective.name == wanted.name &&
           counted_text(entry.objective) == counted_text(wanted);
  };
  return std::any_of(objectives.entries().begin(), objectives.entries().end(), is_same);
}

void note(Histories& histories, const vx11::ServiceObjectives& objectives) {
  for (const auto& [objective, level] : objectives.entries()) {
    histories[objective.name] = {.counted = counted_text(objective), .history = level->history()};
  }
}

}  // namespace

Result<void> HistoryFile::lock() {
  if (lock_) return {};
  auto locked = lock_beside(path_, "service_levels.file");
  if (!locked) return vx11::fail(std::move(locked.error()));
  lock_ = *std::move(locked);
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
    for (const Entry& entry : objectives.entries()) restore(*histories, entry);
    histories->merge(others_);
    others_ = *std::move(histories);
  }
  is_loaded_ = true;
  return {};
}

void HistoryFile::change(const vx11::ServiceObjectives& before,
                         const vx11::ServiceObjectives& objectives) {
  note(others_, before);
  for (const Entry& entry : objectives.entries()) {
    if (!has(before, entry.objective)) restore(others_, entry);
  }
}

Result<void> HistoryFile::save(const vx11::ServiceObjectives& objectives) {
  if (Result<void> loaded = load(objectives); !loaded) return loaded;
  const vx11::WallTime now = vx11::WallClock().now();
  std::erase_if(others_, [&](const auto& entry) { return !is_kept(entry.second, now); });
  Histories all;
  for (const auto& [name, named] : others_) {
    if (all.size() < kMostOthers) all.emplace(name, named);
  }
  note(all, objectives);
  return replace_file(path_, print_histories(all));
}

KeptHistory::KeptHistory(std::string path) : due_(vx11::SteadyClock().now() + kBetweenSaves) {
  if (!path.empty()) file_ = std::make_unique<HistoryFile>(std::move(path));
}

void KeptHistory::load(const vx11::ServiceObjectives& objectives) {
  if (file_ != nullptr) report(file_->load(objectives));
}

void KeptHistory::change(const vx11::ServiceObjectives& before,
                         const vx11::ServiceObjectives& objectives) {
  if (file_ != nullptr) file_->change(before, objectives);
}

void KeptHistory::tend(const vx11::ServiceObjectives& objectives) {
  const vx11::TimePoint now = vx11::SteadyClock().now();
  if (now < due_) return;
  due_ = now + kBetweenSaves;
  save(objectives);
}

void KeptHistory::save(const vx11::ServiceObjectives& objectives) {
  if (file_ == nullptr || (objectives.entries().empty() && !file_->has_others())) return;
  report(file_->save(objectives));
}

void KeptHistory::report(const Result<void>& done) {
  is_kept_.store(done.has_value(), std::memory_order_relaxed);
  if (done) {
    warned_.clear();
  } else if (std::exchange(warned_, done.error().detail) != done.error().detail) {
    log_event(LogEvent::slo_history_not_kept, {{"reason", done.error().detail}});
  }
}

std::vector<vx11::MetricFamily> history_metrics(const std::shared_ptr<const KeptHistory>& history) {
  if (history == nullptr || !history->has_file()) return {};
  return {{.name = "vx11_slo_history_kept",
           .help = "1 if the history of service levels was read and written as it is to be; else a "
                   "restart loses it.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [history] { return history->is_kept() ? 1U : 0U; }}}}};
}

}  // namespace gateway
