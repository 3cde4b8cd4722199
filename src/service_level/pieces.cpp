#include "service_level/pieces.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace service_level {

namespace {

using Track = ServiceLevelHistory::Track;

EventCounts sum_of(const Track& track) {
  EventCounts sum;
  for (const auto& slice : track.slices) {
    sum.total += slice.counts.total;
    sum.bad += slice.counts.bad;
  }
  return sum;
}

/// Takes from `counts` what `known` still has.
void take(EventCounts& counts, EventCounts& known) {
  const std::uint64_t total = std::min(counts.total, known.total);
  counts.total -= total;
  known.total -= total;
  const std::uint64_t bad = std::min(counts.bad, known.bad);
  counts.bad = std::min(counts.bad - bad, counts.total);  // of counts that do not fit together
  known.bad -= bad;
}

/// Without its newest events, which finer slices have: as many as `known`. By number and not by
/// time, since slices of two lengths need not end together; so the sum stays what it was.
/// \param cut gets the rest of the slice in which the finer ones begin: it is as old as its begin
void keep_older(Track& track, EventCounts known, Track& cut) {
  for (auto slice = track.slices.rbegin(); slice != track.slices.rend(); ++slice) {
    if (known == EventCounts{}) break;
    take(slice->counts, known);
    const bool is_in_range = slice->number >= 0 && slice->number <= Duration::max() / track.step;
    if (slice->counts.total == 0 || !is_in_range) continue;
    cut.slices.push_back({.number = (slice->number * track.step).count(), .counts = slice->counts});
    slice->counts = {};
  }
  std::erase_if(track.slices, [](const auto& slice) { return slice.counts.total == 0; });
}

/// Those that are needed for slices of that length, the finest first.
std::vector<Track> tracks_for(Duration step, std::vector<Track> tracks) {
  std::erase_if(tracks, [](const Track& track) { return track.step <= Duration::zero(); });
  std::sort(tracks.begin(), tracks.end(),
            [](const Track& a, const Track& b) { return a.step < b.step; });
  const auto first_coarser = std::find_if(tracks.begin(), tracks.end(),
                                          [step](const Track& track) { return track.step > step; });
  if (first_coarser - tracks.begin() > 1) tracks.erase(tracks.begin(), first_coarser - 1);
  return tracks;
}

}  // namespace

std::vector<Track> pieces_for(Duration step, const ServiceLevelHistory& history) {
  std::vector<Track> pieces = tracks_for(step, history.tracks);
  Track cut{.step = Duration(1)};
  EventCounts known;
  for (Track& piece : pieces) {
    const EventCounts all = sum_of(piece);
    keep_older(piece, known, cut);
    known = {.total = std::max(known.total, all.total), .bad = std::max(known.bad, all.bad)};
  }
  pieces.push_back(std::move(cut));
  return pieces;
}

}  // namespace service_level
}  // namespace v0
}  // namespace vx11
