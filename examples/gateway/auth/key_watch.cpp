#include "gateway/auth/key_watch.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace gateway {

KeyWatch watch_keys(std::shared_ptr<vx11::JwksAuthenticator> keys, const JwtConfig& jwt) {
  WatchedFile::Source source{
      .setting = jwt.jwks_url.empty() ? "auth.jwt.jwks_file" : "auth.jwt.jwks_url",
      .refresh = [keys] { return keys->refresh(); },
      .reload = [keys] { return keys->reload(); },
      .describe =
          [keys] { return fmt::format("{} keys ({} skipped)", keys->size(), keys->skipped()); }};
  source.in_background = !jwt.jwks_url.empty();
  auto watched = std::make_shared<WatchedFile>(std::move(source));
  return {.keys = std::move(keys), .watched = std::move(watched)};
}

std::vector<vx11::MetricFamily> key_metrics(const KeyWatch& watch) {
  if (watch.keys == nullptr) return {};
  const auto& keys = watch.keys;
  return {readings_of(watch.watched, "vx11_jwks_reads_total",
                      "Readings and fetches of the key set; a refused one left the keys as they "
                      "were."),
          {.name = "vx11_jwks_current",
           .help = "1 while the keys in force are those of the last reading, 0 since one was "
                   "refused.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [keys] { return std::uint64_t{keys->is_current()}; }}}},
          {.name = "vx11_jwks_keys",
           .help = "Keys of the set that are in force.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [keys] { return std::uint64_t{keys->size()}; }}}},
          {.name = "vx11_jwks_keys_skipped",
           .help = "Keys of the set that cannot be used: of other kinds, uses or algorithms.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [keys] { return std::uint64_t{keys->skipped()}; }}}}};
}

}  // namespace gateway
