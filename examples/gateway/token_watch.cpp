#include "token_watch.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace gateway {

TokenWatch::TokenWatch(std::shared_ptr<vx11::TokenFile> file) : file_(std::move(file)) {}

void TokenWatch::refresh() {
  const auto change = file_->refresh();
  if (!change) return note_refused(change.error());
  if (*change == vx11::TokenFileChange::replaced) note_used();
}

void TokenWatch::reload() {
  const auto reloaded = file_->reload();
  reloaded ? note_used() : note_refused(reloaded.error());
}

void TokenWatch::note_used() {
  used_.fetch_add(1, std::memory_order_relaxed);
  spdlog::info("auth.tokens was read again: {} tokens are in force", file_->size());
}

void TokenWatch::note_refused(const vx11::Error& error) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  spdlog::error("auth.tokens was not taken over, the {} tokens read before stay in force: {}",
                file_->size(), error.detail);
}

std::vector<vx11::MetricFamily> token_metrics(const std::shared_ptr<const TokenWatch>& watch) {
  if (watch == nullptr) return {};
  return {
      {.name = "vx11_token_file_reads_total",
       .help = "Readings of the token file; a refused one left the tokens as they were.",
       .series = {{.labels = {{"outcome", "used"}}, .value = [watch] { return watch->used(); }},
                  {.labels = {{"outcome", "refused"}},
                   .value = [watch] { return watch->refused(); }}}},
      {.name = "vx11_token_file_current",
       .help = "1 while the tokens in force are those of the file, 0 since a reading was refused.",
       .kind = vx11::MetricKind::gauge,
       .series = {{.value = [watch] { return std::uint64_t{watch->file().is_current()}; }}}},
      {.name = "vx11_token_file_tokens",
       .help = "Tokens of the file that are in force, expired ones included.",
       .kind = vx11::MetricKind::gauge,
       .series = {{.value = [watch] { return std::uint64_t{watch->file().size()}; }}}}};
}

}  // namespace gateway
