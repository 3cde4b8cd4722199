#include "handles.hpp"

#include <vx11/to_json.hpp>
#include <vx11/version.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace vx11::c {

namespace {

/// In the order of `vx11::Errc`, except for codes added after the next number was taken.
vx11_code code_of(Errc code) {
  if (code == Errc::rejected) return VX11_REJECTED;
  if (code == Errc::address_unavailable) return VX11_ADDRESS_UNAVAILABLE;
  if (code == Errc::exhausted) return VX11_EXHAUSTED;
  return static_cast<vx11_code>(static_cast<int>(code) + 1);
}

}  // namespace

Ending failure(const Error& error) {
  return {code_of(error.code), to_json(error)};
}

Ending failure(const ChatFailure& error) {
  return {code_of(error.code), to_json(error)};
}

Ending misuse(std::string what) {
  return failure(Error(Errc::invalid_argument, std::move(what)));
}

vx11_code finish_bad(const BadHandle& bad, char** error) noexcept {
  return guarded(error, [&] {
    const char* why = HandleTable::instance().why_not(bad.handle);
    return misuse(std::string(to_string(bad.kind)) + " " + why);
  });
}

vx11_code finish_misuse(const Misuse& misused, char** error) noexcept {
  return guarded(error, [&] { return misuse(misused.what); });
}

vx11_code finish(const Ending& ending, char** error) noexcept {
  if (ending.code == VX11_OK || error == nullptr) return ending.code;
  const char* text = ending.json.empty() ? R"({"code":"internal"})" : ending.json.c_str();
  *error = strdup(text);
  return ending.code;
}

Ending give(const std::string& text, char** out) {
  char*& place = result(out);
  char* copy = strdup(text.c_str());
  if (copy == nullptr) throw std::bad_alloc();
  place = copy;
  return {};
}

Deadline deadline_of(std::int64_t timeout_ms, const vx11_stop* stop) {
  const auto source = optional(stop);
  const std::stop_token token = source ? source->source.get_token() : std::stop_token();
  constexpr auto kForever = std::chrono::floor<std::chrono::milliseconds>(Duration::max()).count();
  if (timeout_ms < 0 || timeout_ms >= kForever) return Deadline(TimePoint::max(), token);
  return Deadline::after(SteadyClock().now(), std::chrono::milliseconds(timeout_ms), token);
}

Headers headers_of(const char* const* pairs, std::size_t count) {
  Headers headers;
  if (count != 0 && pairs == nullptr) throw Misuse{"headers is NULL, with a count"};
  for (std::size_t i = 0; i < count; ++i) {
    const char* name = pairs[2 * i];
    const char* value = pairs[2 * i + 1];
    if (name == nullptr || value == nullptr) throw Misuse{"a header's name or value is NULL"};
    headers.add(name, value);
  }
  return headers;
}

std::string body_of(const char* body, std::size_t size) {
  if (size != 0 && body == nullptr) throw Misuse{"body is NULL, with a size"};
  return size == 0 ? std::string() : std::string(body, size);
}

std::optional<Header> header_at(const Headers& headers, std::size_t index) {
  for (const Header header : headers) {
    if (index-- == 0) return header;
  }
  return std::nullopt;
}

}  // namespace vx11::c

int vx11_abi_version(void) {
  return VX11_ABI_VERSION;
}

const char* vx11_version(void) {
  return VX11_VERSION_STRING;
}

const char* vx11_code_text(vx11_code code) {
  static_assert(static_cast<int>(vx11::Errc::unavailable) + 1 == VX11_UNAVAILABLE);
  if (code == VX11_OK) return "ok";
  if (code == VX11_NO_MEMORY) return "no_memory";
  if (code == VX11_REJECTED) return "rejected";
  if (code == VX11_ADDRESS_UNAVAILABLE) return "address_unavailable";
  if (code == VX11_EXHAUSTED) return "exhausted";
  if (code < VX11_OK || code > VX11_UNAVAILABLE) return "internal";
  return to_string(static_cast<vx11::Errc>(code - 1)).data();  // of string literals
}

void vx11_free(char* text) {
  std::free(text);
}

using namespace vx11::c;

vx11_stop* vx11_stop_new(void) {
  vx11_stop* stop = nullptr;
  guarded(nullptr, [&] { return give(std::make_shared<vx11_stop>(), &stop); });
  return stop;
}

vx11_code vx11_stop_request(vx11_stop* stop) {
  return guarded(nullptr, [&] {
    needed(stop)->source.request_stop();
    return Ending();
  });
}

vx11_code vx11_stop_free(vx11_stop* stop) {
  return release(stop);
}
