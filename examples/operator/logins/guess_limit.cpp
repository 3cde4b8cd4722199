#include "operator/logins/guess_limit.hpp"

#include <algorithm>

namespace backend {

GuessLimit::GuessLimit(std::uint32_t failures, vx11::Duration period, std::size_t most,
                       vx11::SteadyClock clock)
    : failures_(std::max<std::uint32_t>(failures, 1)),
      each_(period / failures_),
      most_(std::max<std::size_t>(most, 1)),
      clock_(clock) {}

vx11::Duration GuessLimit::begin(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_ && !entries_.contains(address)) make_room();
  Entry& entry = entries_[address];
  const vx11::Duration over = debt_of(entry) + each_ * (entry.judged + 1) - each_ * failures_;
  if (over > vx11::Duration::zero()) return over;
  ++entry.judged;
  return vx11::Duration::zero();
}

void GuessLimit::end(const std::string& address, bool was_wrong) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(address);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  --entry.judged;
  if (was_wrong) entry.clear_at = std::max(entry.clear_at, clock_.now()) + each_;
  if (entry.judged == 0 && debt_of(entry) == vx11::Duration::zero()) entries_.erase(found);
}

vx11::Duration GuessLimit::debt_of(const Entry& entry) const noexcept {
  const vx11::TimePoint now = clock_.now();
  return entry.clear_at > now ? entry.clear_at - now : vx11::Duration::zero();
}

/// What is being judged stays: its end is counted.
void GuessLimit::make_room() {
  const auto is_better = [](const auto& a, const auto& b) {
    const bool a_busy = a.second.judged != 0;
    const bool b_busy = b.second.judged != 0;
    return a_busy != b_busy ? b_busy : a.second.clear_at < b.second.clear_at;
  };
  const auto least = std::min_element(entries_.begin(), entries_.end(), is_better);
  if (least->second.judged == 0) entries_.erase(least);
}

}  // namespace backend
