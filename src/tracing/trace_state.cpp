#include <vx11/trace_context.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kName = "tracestate";
constexpr std::size_t kMostMembers = 32;
constexpr std::size_t kLongestPart = 256;  // of a key, and of a value
constexpr std::size_t kLongMember = 128;   // those above are removed first

bool is_lower_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_key(std::string_view text) noexcept {
  constexpr std::string_view kOthers = "_-*/@";
  if (text.empty() || text.size() > kLongestPart || !is_lower_or_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [=](char c) {
    return is_lower_or_digit(c) || kOthers.find(c) != std::string_view::npos;
  });
}

/// Visible characters and spaces but for `,` and `=`; the last one is no space.
bool is_value(std::string_view text) noexcept {
  if (text.empty() || text.size() > kLongestPart || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; });
}

std::string_view key_of(std::string_view member) noexcept {
  return member.substr(0, member.find('='));
}

bool is_member(std::string_view text) noexcept {
  const std::size_t sign = text.find('=');
  return sign != std::string_view::npos && is_key(text.substr(0, sign)) &&
         is_value(text.substr(sign + 1));
}

std::string_view without_space(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The members of a list, views into the headers.
class Members {
 public:
  /// Adds those of one field. \return whether there are not too many
  bool add_all(std::string_view field) noexcept {
    while (!field.empty()) {
      const std::size_t end = std::min(field.find(','), field.size());
      if (!add(without_space(field.substr(0, end)))) return false;
      field.remove_prefix(std::min(end + 1, field.size()));
    }
    return true;
  }
  /// Removes members until they fit into `most` characters.
  void shorten(std::size_t most) noexcept {
    for (std::size_t i = count_; i-- > 0 && length() > most;) {
      if (all_[i].size() > kLongMember) remove(i);
    }
    while (length() > most) remove(count_ - 1);
  }
  std::string joined() const {
    std::string text;
    text.reserve(length());
    for (const std::string_view member : kept()) {
      if (!text.empty()) text += ',';
      text += member;
    }
    return text;
  }

 private:
  std::span<const std::string_view> kept() const noexcept { return {all_.data(), count_}; }

  /// Malformed members count as well: the sender has too many.
  bool add(std::string_view member) noexcept {
    if (member.empty()) return true;
    if (++seen_ > kMostMembers) return false;
    const auto has_key = [key = key_of(member)](std::string_view m) { return key_of(m) == key; };
    const bool is_first = std::none_of(kept().begin(), kept().end(), has_key);
    if (is_first && is_member(member)) all_[count_++] = member;
    return true;
  }
  void remove(std::size_t at) noexcept {
    const auto begin = all_.begin() + static_cast<std::ptrdiff_t>(at);
    std::copy(begin + 1, all_.begin() + static_cast<std::ptrdiff_t>(count_), begin);
    --count_;
  }
  std::size_t length() const noexcept {
    std::size_t sum = count_ == 0 ? 0 : count_ - 1;  // of the commas
    for (const std::string_view member : kept()) sum += member.size();
    return sum;
  }

  std::array<std::string_view, kMostMembers> all_ = {};
  std::size_t count_ = 0;
  std::size_t seen_ = 0;
};

}  // namespace

std::string combined_trace_state(const Headers& headers) {
  if (!headers.contains(kName)) return {};
  Members members;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, kName)) continue;
    if (!members.add_all(field.value)) return {};
  }
  members.shorten(kLongestTraceState);
  return members.joined();
}

}  // namespace v0
}  // namespace vx11
