#include "gateway/values/value_words.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

constexpr std::string_view kOff = "off";
constexpr Words<vx11::ConcurrencyMode, 2> kConcurrencyModes{
    {{"fixed", vx11::ConcurrencyMode::fixed}, {"adaptive", vx11::ConcurrencyMode::adaptive}}};

}  // namespace

Wanted wanted(const OptionalRate&) {
  return {"a rate", R"(a number and a period, such as "60/m", "10/s" or "30/5m", or "off")"};
}
Complaint read(std::string_view text, OptionalRate& into) {
  if (text == kOff) {
    into.rate.reset();
    return std::nullopt;
  }
  const auto rate = vx11::parse_request_rate(text);
  if (!rate) return not_a(wanted(into), text);
  into.rate = *rate;
  return std::nullopt;
}
std::string print(const OptionalRate& value) {
  return in_quotes(value.rate ? to_string(*value.rate) : std::string(kOff));
}

Wanted wanted(vx11::ConcurrencyMode) {
  return {"a word", R"("fixed" or "adaptive")"};
}
Complaint read(std::string_view text, vx11::ConcurrencyMode& into) {
  return read_word(kConcurrencyModes, text, into);
}
std::string print(vx11::ConcurrencyMode value) {
  return print_word(kConcurrencyModes, value);
}

}  // namespace gateway
