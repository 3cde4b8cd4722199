#include <vx11/backoff.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Backoff;
using vx11::BackoffOptions;
using vx11::Duration;
using vx11::Jitter;

namespace {

std::vector<Duration> waits(const BackoffOptions& options, int count) {
  Backoff backoff(options);
  std::vector<Duration> all;
  for (int i = 0; i < count; ++i) all.push_back(backoff.next());
  return all;
}

}  // namespace

TEST_CASE("without jitter the waits double up to the cap") {
  const BackoffOptions options{.base = 100ms, .cap = 1s, .jitter = Jitter::none};
  CHECK(waits(options, 6) == std::vector<Duration>{100ms, 200ms, 400ms, 800ms, 1s, 1s});
}

TEST_CASE("full jitter takes a share of what the wait would be") {
  const BackoffOptions options{.base = 100ms, .cap = 1s, .random = [] { return 0.5; }};
  CHECK(waits(options, 5) == std::vector<Duration>{50ms, 100ms, 200ms, 400ms, 500ms});
}

TEST_CASE("full jitter may give no wait at all") {
  const BackoffOptions options{.base = 100ms, .random = [] { return 0.0; }};
  CHECK(waits(options, 2) == std::vector<Duration>{0ms, 0ms});
}

TEST_CASE("decorrelated jitter grows from the wait before and never falls below the base") {
  const BackoffOptions half{
      .base = 100ms, .cap = 10s, .jitter = Jitter::decorrelated, .random = [] { return 0.5; }};
  CHECK(waits(half, 3) == std::vector<Duration>{200ms, 350ms, 575ms});
  const BackoffOptions least{
      .base = 100ms, .cap = 10s, .jitter = Jitter::decorrelated, .random = [] { return 0.0; }};
  CHECK(waits(least, 3) == std::vector<Duration>{100ms, 100ms, 100ms});
}

TEST_CASE("the thousandth wait of the largest numbers is the cap, not an overflow") {
  for (const Jitter jitter : {Jitter::none, Jitter::full, Jitter::decorrelated}) {
    const BackoffOptions options{.base = Duration::max(),
                                 .cap = Duration::max(),
                                 .factor = std::numeric_limits<double>::max(),
                                 .jitter = jitter,
                                 .random = [] { return 1.0; }};
    for (const Duration wait : waits(options, 1000)) REQUIRE(wait == Duration::max());
  }
  const BackoffOptions usual{.base = 100ms, .cap = 30s, .jitter = Jitter::none};
  CHECK(waits(usual, 5000).back() == 30s);
}

TEST_CASE("values out of range are drawn to the nearest that works") {
  CHECK(waits({.base = 0ms}, 2) == std::vector<Duration>{0ms, 0ms});
  CHECK(waits({.base = -5s}, 2) == std::vector<Duration>{0ms, 0ms});
  CHECK(waits({.base = 1s, .cap = -1s}, 1) == std::vector<Duration>{0ms});
  CHECK(waits({.base = 2s, .cap = 1s, .jitter = Jitter::none}, 1) == std::vector<Duration>{1s});
  CHECK(waits({.base = 1s, .factor = 0, .jitter = Jitter::none}, 2) ==
        std::vector<Duration>{1s, 1s});
}

TEST_CASE("a random source outside its range does not lead outside the limits") {
  for (const double wrong : {-3.0, 7.0, std::nan("")}) {
    const BackoffOptions options{.base = 100ms, .cap = 1s, .random = [=] { return wrong; }};
    for (const Duration wait : waits(options, 10)) {
      CHECK(wait >= 0ms);
      CHECK(wait <= 1s);
    }
  }
}

TEST_CASE("the generator of its own stays within the limits and is not constant") {
  const BackoffOptions options{.base = 1s, .cap = 1s};
  const auto all = waits(options, 100);
  bool differs = false;
  for (const Duration wait : all) {
    CHECK(wait >= 0s);
    CHECK(wait <= 1s);
    differs = differs || wait != all.front();
  }
  CHECK(differs);
}
