#include <vx11/health_aggregator.hpp>

#include <utility>

namespace vx11 {
inline namespace v0 {

Task<Result<ProbeAnswer>> FunctionProbe::look(Deadline deadline) {
  if (!check_) return fail(Errc::unreachable, "the probe has no function");
  return check_(deadline);
}

Task<Result<ProbeAnswer>> TaskProbe::look(Deadline deadline) {
  if (!check_) return fail(Errc::unreachable, "the probe has no function");
  return check_(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
