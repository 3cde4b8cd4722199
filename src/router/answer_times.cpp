#include "router/answer_times.hpp"

#include <algorithm>

namespace vx11 {
inline namespace v0 {

void AnswerTimes::add(Duration taken) noexcept {
  const std::uint64_t number = count_.fetch_add(1, std::memory_order_relaxed);
  latest_[number % kRemembered].store(taken.count(), std::memory_order_relaxed);
  if (taken * kFactor > kLeast) {
    slow_until_.store(number + kRemembered, std::memory_order_relaxed);
  } else if (number > slow_until_.load(std::memory_order_relaxed) || number == 0) {
    return;  // all that are remembered are fast
  }
  const std::uint64_t known = std::min<std::uint64_t>(number + 1, kRemembered);
  const Duration usual = known < kEnough ? Duration() : percentile(known);
  slow_after_.store(std::max(usual * kFactor, kLeast).count(), std::memory_order_relaxed);
}

Duration AnswerTimes::slow_after() const noexcept {
  return Duration(slow_after_.load(std::memory_order_relaxed));
}

/// By the nearest rank: of a hundred the ninety-fifth.
Duration AnswerTimes::percentile(std::size_t known) const noexcept {
  std::array<Duration::rep, kRemembered> sorted{};
  for (std::size_t i = 0; i < known; ++i) sorted[i] = latest_[i].load(std::memory_order_relaxed);
  const auto rank = static_cast<std::ptrdiff_t>((known * 95 + 99) / 100 - 1);
  std::nth_element(sorted.begin(), sorted.begin() + rank,
                   sorted.begin() + static_cast<std::ptrdiff_t>(known));
  return Duration(sorted[static_cast<std::size_t>(rank)]);
}

}  // namespace v0
}  // namespace vx11
