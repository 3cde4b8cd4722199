#include "gateway/values/spelling.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace gateway {

namespace {

/// The distance of optimal string alignment: characters inserted, left out, replaced, and
/// neighbours swapped, each part of the text changed once.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // the row of i - 2
  std::vector<std::size_t> last(b.size() + 1);    // that of i - 1
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

/// The part after the last dot.
std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  // Less than the whole word, and a third of a longer one.
  std::size_t fewest = std::min(std::max<std::size_t>(1, word.size() / 3) + 1, word.size());
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = edits_between(word, candidate);
    if (edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  if (!best.empty()) return best;
  // The right key in the wrong table.
  const auto same = std::find_if(candidates.begin(), candidates.end(), [=](std::string_view c) {
    return last_part(c) == last_part(word);
  });
  return same == candidates.end() ? std::string_view() : *same;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view meant = nearest(word, candidates);
  return meant.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", meant);
}

}  // namespace gateway
