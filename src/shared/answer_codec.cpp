#include "shared/answer_codec.hpp"

#include <cstdint>
#include <optional>

namespace vx11 {
inline namespace v0 {
namespace shared {

namespace {

constexpr char kVersion = '1';
constexpr std::size_t kNumber = 4;
/// More fields than any answer has: what says so is no answer of ours.
constexpr std::uint32_t kMostFields = 1000;

void put(std::string& to, std::size_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) to += static_cast<char>(number >> shift & 0xFFU);
}
void put(std::string& to, std::string_view text) {
  put(to, text.size());
  to += text;
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) noexcept : left_(bytes) {}

  std::optional<std::uint32_t> number() noexcept {
    if (left_.size() < kNumber) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < kNumber; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(left_[i])} << (8 * i);
    }
    left_.remove_prefix(kNumber);
    return value;
  }
  std::optional<std::string_view> text() noexcept {
    const auto size = number();
    if (!size || *size > left_.size()) return std::nullopt;
    const std::string_view text = left_.substr(0, *size);
    left_.remove_prefix(*size);
    return text;
  }
  std::string_view rest() const noexcept { return left_; }

 private:
  std::string_view left_;
};

bool read_fields(Bytes& bytes, Headers& headers) {
  const auto count = bytes.number();
  if (!count || *count > kMostFields) return false;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto name = bytes.text();
    const auto value = bytes.text();
    if (!name || !value) return false;
    headers.add(*name, *value);
  }
  return true;
}

}  // namespace

std::size_t encoded_size(const HttpResponse& answer) noexcept {
  std::size_t bytes = 1 + 2 * kNumber + answer.body.size();
  for (const Header field : answer.headers) {
    bytes += 2 * kNumber + field.name.size() + field.value.size();
  }
  return bytes;
}

std::string encoded(const HttpResponse& answer) {
  std::string bytes(1, kVersion);
  bytes.reserve(encoded_size(answer));
  put(bytes, static_cast<std::size_t>(answer.status));
  std::size_t count = 0;
  for ([[maybe_unused]] const Header field : answer.headers) ++count;
  put(bytes, count);
  for (const Header field : answer.headers) {
    put(bytes, field.name);
    put(bytes, field.value);
  }
  return bytes += answer.body;
}

std::shared_ptr<const HttpResponse> decoded(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kVersion) return nullptr;
  Bytes rest(bytes.substr(1));
  const auto status = rest.number();
  if (!status || *status < 100 || *status > 999) return nullptr;
  auto answer = std::make_shared<HttpResponse>(static_cast<int>(*status));
  if (!read_fields(rest, answer->headers)) return nullptr;
  answer->body = rest.rest();
  return answer;
}

}  // namespace shared
}  // namespace v0
}  // namespace vx11
