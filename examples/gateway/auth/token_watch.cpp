#include "gateway/auth/token_watch.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace gateway {

TokenWatch watch_tokens(std::shared_ptr<vx11::TokenFile> file) {
  auto watched = std::make_shared<WatchedFile>(
      WatchedFile::Source{.setting = "auth.tokens",
                          .refresh =
                              [file] {
                                return file->refresh().map([](auto change) {
                                  return change == vx11::TokenFileChange::replaced;
                                });
                              },
                          .reload = [file] { return file->reload(); },
                          .describe = [file] { return fmt::format("{} tokens", file->size()); }});
  return {.file = std::move(file), .watched = std::move(watched)};
}

std::vector<vx11::MetricFamily> token_metrics(const TokenWatch& tokens) {
  if (tokens.file == nullptr) return {};
  return {
      readings_of(tokens.watched, "vx11_token_file_reads_total",
                  "Readings of the token file; a refused one left the tokens as they were."),
      {.name = "vx11_token_file_current",
       .help = "1 while the tokens in force are those of the file, 0 since a reading was refused.",
       .kind = vx11::MetricKind::gauge,
       .series = {{.value = [file = tokens.file] { return std::uint64_t{file->is_current()}; }}}},
      {.name = "vx11_token_file_tokens",
       .help = "Tokens of the file that are in force, expired ones included.",
       .kind = vx11::MetricKind::gauge,
       .series = {{.value = [file = tokens.file] { return std::uint64_t{file->size()}; }}}}};
}

}  // namespace gateway
