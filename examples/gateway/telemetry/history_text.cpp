// Histories of service levels as JSON.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/telemetry/service_levels.hpp"

namespace gateway {

namespace {

using nlohmann::json;
using vx11::Errc;
using History = vx11::ServiceLevelHistory;

constexpr const char* kFormat = "vx11 service levels";
constexpr std::int64_t kVersion = 1;

json to_json(const History::Track& track) {
  json slices = json::array();
  for (const auto& [number, counts] : track.slices) {
    slices.push_back({number, counts.total, counts.bad});
  }
  return {{"step_ns", track.step.count()}, {"slices", std::move(slices)}};
}

json to_json(const NamedHistory& named) {
  json tracks = json::array();
  for (const auto& track : named.history.tracks) tracks.push_back(to_json(track));
  return {{"counted", named.counted},
          {"saved_ms", named.history.saved.time_since_epoch().count()},
          {"age_ns", named.history.age.count()},
          {"tracks", std::move(tracks)}};
}

History::Slice slice_of(const json& from) {
  History::Slice slice{
      .number = from.at(0).get<std::int64_t>(),
      .counts = {.total = from.at(1).get<std::uint64_t>(), .bad = from.at(2).get<std::uint64_t>()}};
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53U;
  if (slice.counts.total > kMost) throw std::runtime_error("counts out of range");
  slice.counts.bad =
      std::min(slice.counts.bad, slice.counts.total);  // older versions could write more
  return slice;
}

History::Track track_of(const json& from) {
  History::Track track{.step = Duration(from.at("step_ns").get<std::int64_t>())};
  for (const json& slice : from.at("slices")) track.slices.push_back(slice_of(slice));
  return track;
}

NamedHistory history_of(const json& from) {
  NamedHistory named{.counted = from.at("counted").get<std::string>()};
  named.history.saved =
      vx11::WallTime(std::chrono::milliseconds(from.at("saved_ms").get<std::int64_t>()));
  named.history.age = Duration(from.at("age_ns").get<std::int64_t>());
  for (const json& track : from.at("tracks")) named.history.tracks.push_back(track_of(track));
  return named;
}

}  // namespace

std::string print_histories(const Histories& histories) {
  json objectives = json::object();
  for (const auto& [name, named] : histories) objectives[name] = to_json(named);
  const json all = {
      {"format", kFormat}, {"version", kVersion}, {"objectives", std::move(objectives)}};
  return all.dump() + '\n';
}

vx11::Result<Histories> read_histories(std::string_view text) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || all.value("format", json()) != kFormat) {
    return vx11::fail(Errc::invalid_argument, "is no history of service levels");
  }
  if (all.value("version", json()) != kVersion) {
    return vx11::fail(Errc::invalid_argument, "was written by a later version");
  }
  try {
    Histories histories;
    for (const auto& [name, from] : all.at("objectives").items()) {
      histories[name] = history_of(from);
    }
    return histories;
  } catch (const std::exception&) {
    return vx11::fail(Errc::invalid_argument, "is damaged");
  }
}

}  // namespace gateway
