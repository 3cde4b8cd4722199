#include <vx11/detail/split_mix.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "router/balancer_impl.hpp"
#include "router/session_hash.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Calls under way with one more, in relation to the weight.
double busy(const Balanced& member, double weight) noexcept {
  return (member.in_flight.load(std::memory_order_relaxed) + 1.0) / weight;
}

}  // namespace

double Balancer::Impl::random() noexcept {
  if (!options.random) [[likely]]
    return detail::spread();
  try {
    const double drawn = options.random();
    if (drawn >= 0 && drawn < 1) return drawn;
  } catch (...) {  // as a number out of range
  }
  return detail::spread();
}

/// Every member earns its weight, the richest is chosen and pays what all have earned.
Balancer::Impl::Pick Balancer::Impl::weighted(const Set& except) noexcept {
  constexpr double kUnit = 1024;  // so that a tenth of the weight 1 is a whole number
  LazyTime now(clock);
  Pick richest;
  std::int64_t earned = 0;
  const std::lock_guard guard(lock);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!usable(i, except, now)) continue;
    const auto own = static_cast<std::int64_t>(weight(at[i], now) * kUnit);
    at[i].credit += own;
    earned += own;
    if (!richest || at[i].credit > at[*richest].credit) richest = i;
  }
  if (richest) at[*richest].credit -= earned;
  return richest;
}

Balancer::Impl::Pick Balancer::Impl::least_in_flight(const Set& except) noexcept {
  LazyTime now(clock);
  Pick least;
  double cost = std::numeric_limits<double>::infinity();
  const std::size_t size = members.size();
  std::size_t i = turn.load(std::memory_order_relaxed) % size;
  for (std::size_t left = size; left != 0; --left, i = i + 1 == size ? 0 : i + 1) {
    const double own = busy(at[i], weight(at[i], now));
    if (own >= cost || !usable(i, except, now)) continue;
    cost = own;
    least = i;
  }
  if (least) turn.store(*least + 1, std::memory_order_relaxed);  // the others come first then
  return least;
}

/// Drawn again while it hits one that cannot be used, as in Finagle; then the next in order, which
/// would take the share of its neighbours if it came first.
Balancer::Impl::Pick Balancer::Impl::random_usable(const Set& except, LazyTime& now,
                                                   Pick other) noexcept {
  constexpr int kDraws = 8;
  const std::size_t size = members.size();
  std::size_t i = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    i = static_cast<std::size_t>(random() * static_cast<double>(size));
    if (i != other && usable(i, except, now)) return i;
  }
  for (std::size_t left = size; left != 0; --left, i = i + 1 == size ? 0 : i + 1) {
    if (i != other && usable(i, except, now)) return i;
  }
  return std::nullopt;
}

template <class Cost>
Balancer::Impl::Pick Balancer::Impl::two_choices(const Set& except, LazyTime& now,
                                                 const Cost& cost) noexcept {
  const Pick one = random_usable(except, now, std::nullopt);
  if (!one || members.size() == 1) return one;
  const Pick other = random_usable(except, now, one);
  if (!other) return one;
  return cost(at[*other]) < cost(at[*one]) ? other : one;
}

/// A target without an answer so far gets one call, and further ones only if the other target has
/// none either: it may hang.
Balancer::Impl::Pick Balancer::Impl::peak_ewma(const Set& except, const PeakEwma& policy) noexcept {
  constexpr double kUnknown = 1e15;  // twelve days; the calls still count beside it in a double
  LazyTime now(clock);
  return two_choices(except, now, [&](Balanced& member) {
    const double latency = member.latency.at(now.get(), policy.decay);
    const std::uint32_t in_flight = member.in_flight.load(std::memory_order_relaxed);
    const double load = busy(member, weight(member, now));
    return latency == 0 && in_flight != 0 ? kUnknown + load : latency * load;
  });
}

/// The lowest of -ln(u)/w, where u is uniform for each pair of session and member: its distribution
/// is that of the weights (C. Schindelhauer and G. Schomaker, "Weighted Distributed Hash Tables",
/// 2005). The logarithm is left out where its bound, 1 - u, cannot win.
Balancer::Impl::Pick Balancer::Impl::sticky(const Set& except, std::string_view session) noexcept {
  LazyTime now(clock);
  if (session.empty()) {
    return two_choices(except, now,
                       [&](Balanced& member) { return busy(member, weight(member, now)); });
  }
  const std::uint64_t hash = stable_hash(session);
  Pick nearest;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::uint64_t pair = mixed(hash ^ at[i].name_hash);
    const double u = (static_cast<double>(pair >> 11U) + 0.5) * 0x1p-53;
    const double own = weight(at[i], now);
    if ((1 - u) >= best * own) continue;
    const double score = -std::log(u) / own;
    if (score >= best || !usable(i, except, now)) continue;
    best = score;
    nearest = i;
  }
  return nearest;
}

}  // namespace v0
}  // namespace vx11
