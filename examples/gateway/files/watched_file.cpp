#include "gateway/files/watched_file.hpp"

#include <utility>

#include "gateway/log/log.hpp"

namespace gateway {

/// Most have been read at the start.
WatchedFile::WatchedFile(Source source)
    : source_(std::move(source)), used_(source_.in_background ? 0 : 1) {}

void WatchedFile::continue_from(const WatchedFile& earlier) noexcept {
  used_.fetch_add(earlier.used(), std::memory_order_relaxed);
  refused_.fetch_add(earlier.refused(), std::memory_order_relaxed);
}

void WatchedFile::refresh() {
  const auto is_read = source_.refresh();
  if (!is_read) return note_refused(is_read.error());
  if (*is_read) note_used();
}

void WatchedFile::reload() {
  const auto reloaded = source_.reload();
  if (source_.in_background) return;
  reloaded ? note_used() : note_refused(reloaded.error());
}

void WatchedFile::note_used() {
  const bool is_first = used_.fetch_add(1, std::memory_order_relaxed) == 0;
  log_event(LogEvent::file_read, {{"setting", source_.setting},
                                  {"again", is_first ? "" : "again"},
                                  {"content", source_.describe()}});
}

void WatchedFile::note_refused(const vx11::Error& error) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  log_event(
      LogEvent::file_refused,
      {{"setting", source_.setting}, {"content", source_.describe()}, {"reason", error.detail}});
}

vx11::MetricFamily readings_of(std::shared_ptr<const WatchedFile> watched, std::string name,
                               std::string help) {
  return {
      .name = std::move(name),
      .help = std::move(help),
      .series = {
          {.labels = {{"outcome", "used"}}, .value = [watched] { return watched->used(); }},
          {.labels = {{"outcome", "refused"}}, .value = [watched] { return watched->refused(); }}}};
}

}  // namespace gateway
