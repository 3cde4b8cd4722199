#include "http/request_id.hpp"

#include <algorithm>
#include <array>

#include "random/uuid.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

namespace {

constexpr std::size_t kLongest = 128;

constexpr std::array<bool, 256> kAllowed = [] {
  std::array<bool, 256> allowed{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_.~+/=:@")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

}  // namespace

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return kAllowed[static_cast<unsigned char>(c)]; });
}

std::string request_id_of(const Headers& headers) {
  for (const std::string_view name : {kRequestId, std::string_view("X-Correlation-Id")}) {
    const auto sent = headers.find(name);
    if (!sent) continue;
    if (is_request_id(*sent) && headers.count(name) == 1) return std::string(*sent);
    break;
  }
  return random::uuid_after("req_");
}

void add_request_id(HttpResponse& answer, std::string_view id) {
  if (!answer.headers.contains(kRequestId)) answer.headers.add(kRequestId, id);
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
