#include "limits/quota_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

/// A field on the stack: two policies with names of at most 16 bytes and two numbers of at most
/// 20 digits fit.
class FieldText {
 public:
  FieldText& text(std::string_view words) noexcept {
    std::memcpy(end_, words.data(), words.size());
    end_ += words.size();
    return *this;
  }
  FieldText& number(std::uint64_t value) noexcept {
    if (value < 10) {  // what most answers have
      *end_++ = static_cast<char>('0' + value);
      return *this;
    }
    end_ = std::to_chars(end_, bytes_.data() + bytes_.size(), value).ptr;
    return *this;
  }
  /// The name of an item of a list (RFC 9651).
  FieldText& item(std::string_view name) noexcept {
    return text(view().empty() ? "\"" : ", \"").text(name);
  }
  std::string_view view() const noexcept {
    return {bytes_.data(), static_cast<std::size_t>(end_ - bytes_.data())};
  }
  void clear() noexcept { end_ = bytes_.data(); }

 private:
  std::array<char, 256> bytes_;
  char* end_ = bytes_.data();
};

/// The policies of the answer before, which most answers have, too.
class LastPolicies {
 public:
  std::string_view text_of(std::span<const Quota> quotas) noexcept {
    if (!std::equal(quotas.begin(), quotas.end(), known_.begin(), known_.begin() + count_, &same)) {
      write(quotas);
    }
    return text_.view();
  }

 private:
  static bool same(const Quota& a, const Quota& b) noexcept {
    return a.policy.data() == b.policy.data() && a.rate == b.rate;
  }
  void write(std::span<const Quota> quotas) noexcept {
    text_.clear();
    for (const Quota& quota : quotas) {
      text_.item(quota.policy).text("\";q=").number(quota.rate.requests);
      text_.text(";w=").number(static_cast<std::uint64_t>(quota.rate.period.count()));
    }
    std::copy(quotas.begin(), quotas.end(), known_.begin());
    count_ = static_cast<std::ptrdiff_t>(quotas.size());
  }

  std::array<Quota, 2> known_ = {};
  std::ptrdiff_t count_ = 0;
  FieldText text_ = {};
};

}  // namespace

void Quotas::write(Headers& headers) const {
  if (count_ == 0) return;
  thread_local LastPolicies policies;
  FieldText left;
  for (std::size_t i = 0; i < count_; ++i) {
    const Quota& quota = quotas_[i];
    left.item(quota.policy).text("\";r=").number(quota.left);
    left.text(";t=").number(static_cast<std::uint64_t>(quota.reset.count()));
  }
  headers.add("RateLimit-Policy", policies.text_of(std::span(quotas_).first(count_)));
  headers.add("RateLimit", left.view());
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
