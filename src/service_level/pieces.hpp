#pragma once

/// \file
/// A history as one sequence of slices. Internal.

#include <vx11/service_level.hpp>

#include <vector>

namespace vx11 {
inline namespace v0 {
namespace service_level {

/// Each event of the history once, for slices of the length `step`: the coarsest track that is fine
/// enough whole, and of each coarser one what is older than the ones before reach back. After a
/// change of the options slices have other lengths, and tracks reach back as far as other windows.
std::vector<ServiceLevelHistory::Track> pieces_for(Duration step,
                                                   const ServiceLevelHistory& history);

}  // namespace service_level
}  // namespace v0
}  // namespace vx11
