#include "limits/quota_fields.hpp"

#include <charconv>
#include <cstring>

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

 private:
  std::array<char, 256> bytes_;
  char* end_ = bytes_.data();
};

}  // namespace

void Quotas::write(Headers& headers) const {
  if (count_ == 0) return;
  FieldText policies;
  FieldText left;
  for (std::size_t i = 0; i < count_; ++i) {
    const Quota& quota = quotas_[i];
    policies.item(quota.policy).text("\";q=").number(quota.rate.requests);
    policies.text(";w=").number(static_cast<std::uint64_t>(quota.rate.period.count()));
    left.item(quota.policy).text("\";r=").number(quota.left);
    left.text(";t=").number(static_cast<std::uint64_t>(quota.reset.count()));
  }
  headers.add("RateLimit-Policy", policies.view());
  headers.add("RateLimit", left.view());
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
