// Shared text helpers: durations, lists of mistakes, space, percent-encoding.
#include <vx11/detail/mistakes.hpp>

#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "health/evidence.hpp"
#include "http/percent.hpp"
#include "random/keyed_hash.hpp"
#include "redis/url.hpp"
#include "router/send_through_breaker.hpp"
#include "text/duration_text.hpp"
#include "text/trimmed.hpp"

using namespace std::chrono_literals;
using namespace vx11;

namespace {

std::string health_text(Duration limit) {
  return without_answer(HealthComponent{.name = "switch", .timeout = limit}).error;
}
std::string router_text(Duration limit) {
  return safe_error("switch", Errc::timeout, limit).detail;
}

}  // namespace

TEST_CASE("a duration is a whole number of the largest unit that is exact") {
  CHECK(duration_text(2s) == "2s");
  CHECK(duration_text(1min) == "60s");
  CHECK(duration_text(250ms) == "250ms");
  CHECK(duration_text(1500ms) == "1500ms");
  CHECK(duration_text(40us) == "40us");
  CHECK(duration_text(0s) == "0s");
  CHECK(duration_text(-250ms) == "-250ms");
  CHECK(duration_text(Duration::max()).ends_with("ms"));
}

TEST_CASE("a duration is rounded up, and never to zero") {
  CHECK(duration_text(14'999'873us) == "15s");
  CHECK(duration_text(1'500us) == "2ms");
  CHECK(duration_text(999'999ns) == "1000us");
  CHECK(duration_text(1ns) == "1us");
}

TEST_CASE("router and health write the same limit in the same way") {
  CHECK(router_text(40us) == "no answer within 40us");  // was 1ms
  CHECK(health_text(40us) == "connection timeout after 40us");
  CHECK(router_text(1'500us) == "no answer within 2ms");
  CHECK(health_text(1'500us) == "connection timeout after 2ms");  // was 1500us
  CHECK(router_text(500ns) == "no answer within 1us");
  CHECK(health_text(500ns) == "connection timeout after 1us");  // was 0us
}

TEST_CASE("a list of mistakes names the part that each is about, and is no error while empty") {
  CHECK(detail::Mistakes().result());
  detail::Mistakes mistakes;
  mistakes.add_if(false, "not this one");
  mistakes.add("no targets");
  mistakes.about("target", "switch");
  mistakes.add_if(true, "no transport");
  mistakes.add("no dialect");
  mistakes.about("target 2");
  mistakes.add("no name");
  mistakes.about({});
  mistakes.add("no clock");
  const Result<void> result = std::move(mistakes).result();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::invalid_argument);
  CHECK(result.error().detail ==
        "no targets; target \"switch\": no transport; target \"switch\": no dialect; "
        "target 2: no name; no clock");
}

TEST_CASE("line breaks are space around JSON, and part of an HTTP value") {
  CHECK(trimmed(" \t a b \t", kHttpSpace) == "a b");
  CHECK(trimmed("\r\n{}\n", kJsonSpace) == "{}");
  CHECK(trimmed("\r\n{}\n", kHttpSpace) == "\r\n{}\n");
  CHECK(trimmed(" \t ", kHttpSpace).empty());
  CHECK(trimmed({}, kJsonSpace).empty());
}

TEST_CASE("session ids, services and Redis passwords are decoded by the same rules") {
  const auto password = [](const std::string& text) -> std::optional<std::string> {
    const auto url = parse_redis_url("redis://:" + text + "@redis");
    return url ? url->password : std::nullopt;
  };
  for (const std::string text : {"a%20b", "%2F%2f%41", "%00", "%C3%A9", "plain", "%25%32%35"}) {
    CAPTURE(text);
    CHECK(decode_percent(text).has_value());
    CHECK(decode_percent(text) == password(text));
  }
  CHECK(decode_percent("a%20b%2F") == "a b/");
  CHECK(decode_percent("+") == "+");
  for (const std::string text : {"%", "%4", "%4g", "%g4", "%-1", "%+1", "% 1", "%0x41%x"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_percent(text));
    CHECK_FALSE(password(text));
  }
}

TEST_CASE("the keyed hash depends on every byte, on their places and on the length") {
  const random::KeyedHash hash;
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  const auto note = [&](const std::string& text) {
    CHECK(hash(text) == hash(std::string(text)));
    seen.insert(hash(text));
    ++texts;
  };
  for (std::size_t size = 0; size <= 30; ++size) {
    note(std::string(size, '\0'));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char byte : {'\x01', '\x80', '\xff'}) {
        std::string text(size, '\0');
        text[at] = byte;
        note(text);
      }
    }
  }
  CHECK(seen.size() == texts);  // a collision has a probability of 1e-10
}

TEST_CASE("the first bytes of a word are taken in the byte order of the machine") {
  using random::KeyedHash;
  constexpr std::uint64_t kLittle = 0x0807060504030201;  // bytes 1 to 8
  constexpr std::uint64_t kBig = 0x0102030405060708;
  CHECK(KeyedHash::first_bytes<std::endian::little>(kLittle, 7) == 0x07060504030201);
  CHECK(KeyedHash::first_bytes<std::endian::big>(kBig, 7) == 0x01020304050607);
  CHECK(KeyedHash::first_bytes<std::endian::little>(kLittle, 1) == 1);
  CHECK(KeyedHash::first_bytes<std::endian::big>(kBig, 1) == 1);
  CHECK(KeyedHash::first_bytes<std::endian::little>(kLittle, 8) == kLittle);
  CHECK(KeyedHash::first_bytes<std::endian::big>(kBig, 8) == kBig);
}
