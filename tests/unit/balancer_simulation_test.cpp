// Balancers in front of simulated targets: load shares and times beside the values of the
// textbooks.

#include "balancer_simulation.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Balancer;
using vx11::BalancerOptions;
using vx11::BalancingPolicy;
using vx11::LeastInFlight;
using vx11::PeakEwma;
using vx11::StickySession;
using vx11::WeightedRoundRobin;

namespace {

/// The calls' chats have no session, so this compares the loads of two random targets.
constexpr StickySession kTwoChoices{};

/// Ten targets with service times of 20 ms to 200 ms, four slots each: 585 calls a second together.
std::vector<Simulation::Target> ten_speeds() {
  std::vector<Simulation::Target> targets(10);
  for (std::size_t i = 0; i < 10; ++i) {
    targets[i].mean = 0.02 * static_cast<double>(i + 1);
    targets[i].slots = 4;
  }
  return targets;
}

/// Ten targets of 100 ms, eight slots each: 800 calls a second together.
std::vector<Simulation::Target> ten_equal() {
  std::vector<Simulation::Target> targets(10);
  for (auto& target : targets) target.slots = 8;
  return targets;
}

double p99_of_ten_speeds(BalancingPolicy policy) {
  Simulation simulation(ten_speeds(), {.policy = policy});
  simulation.run(20, 250);
  simulation.measure();
  simulation.run(120, 250);
  return simulation.percentile(0.99);
}

/// The highest number of balls in `bins` bins that `bins` balls were thrown into.
std::uint32_t highest(BalancingPolicy policy, std::size_t bins, std::uint64_t seed) {
  vx11::detail::SplitMix64 random(seed);
  std::vector<vx11::BalancerMember> members(bins);
  const auto number = [&random] { return random.next(); };
  Balancer balancer(std::move(members), {.policy = policy, .random = number});
  std::vector<Balancer::Call> calls;
  for (std::size_t i = 0; i < bins; ++i) {
    calls.push_back(balancer.begin(balancer.pick().value()));
  }
  std::uint32_t most = 0;
  for (const auto& load : balancer.loads()) most = std::max(most, load.in_flight);
  return most;
}

std::uint32_t highest_of_one_choice(std::size_t bins, std::uint64_t seed) {
  vx11::detail::SplitMix64 random(seed);
  std::vector<std::uint32_t> load(bins);
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    most =
        std::max(most, ++load[static_cast<std::size_t>(random.next() * static_cast<double>(bins))]);
  }
  return most;
}

}  // namespace

TEST_CASE("two choices: n balls in n bins stay below ln ln n / ln 2 + 2, one choice does not") {
  constexpr std::size_t kBins = 256;
  const double bound = std::log(std::log(kBins)) / std::log(2) + 2;  // 4.47
  double two = 0;
  double one = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::uint32_t highest_of_two = highest(kTwoChoices, kBins, seed);
    CHECK(highest_of_two <= bound);
    two += highest_of_two / 100.0;
    one += highest_of_one_choice(kBins, seed) / 100.0;
  }
  MESSAGE("highest of 256: two choices " << two << ", one " << one);
  CHECK(two < 3.5);
  CHECK(one > 4.5);
}

TEST_CASE("two choices: the mean time at 90 % load is that of Mitzenmacher's supermarket model") {
  constexpr double kLoad = 0.9;
  std::vector<Simulation::Target> targets(200);
  Simulation simulation(std::move(targets), {.policy = kTwoChoices});
  const double per_second = kLoad * 200 / 0.1;
  simulation.run(20, per_second);
  simulation.measure();
  simulation.run(60, per_second);
  double queue = 0;  // the share of targets with at least i calls is load^(2^i - 1)
  for (int i = 1; i < 10; ++i) queue += std::pow(kLoad, std::pow(2, i) - 1);
  const double expected = 0.1 * queue / kLoad;
  MESSAGE("mean " << simulation.mean() << " s, expected " << expected << " s, M/M/1 1 s");
  CHECK(simulation.mean() == doctest::Approx(expected).epsilon(0.05));
}

TEST_CASE("weighted round robin: shares are those of the weights, whatever the speeds") {
  auto targets = ten_speeds();
  for (std::size_t i = 0; i < 10; ++i) targets[i].weight = static_cast<std::uint32_t>(i + 1);
  Simulation simulation(std::move(targets), {.policy = WeightedRoundRobin{}});
  simulation.run(60, 50);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(simulation.share(i) == doctest::Approx(static_cast<double>(i + 1) / 55).epsilon(0.01));
  }
}

TEST_CASE("ten targets of different speed: what round robin makes of p99, and the others") {
  const double round_robin = p99_of_ten_speeds(WeightedRoundRobin{});
  const double least = p99_of_ten_speeds(LeastInFlight{});
  const double two = p99_of_ten_speeds(kTwoChoices);
  const double ewma = p99_of_ten_speeds(PeakEwma{});
  MESSAGE("p99 in s: round robin " << round_robin << ", two choices " << two << ", least in flight "
                                   << least << ", peak EWMA " << ewma);
  CHECK(least < round_robin / 2);
  CHECK(two < round_robin / 2);
  CHECK(ewma < round_robin / 2);
}

TEST_CASE("peak EWMA: the faster a target, the more calls it gets") {
  Simulation simulation(ten_speeds(), {});
  simulation.run(20, 250);
  simulation.measure();
  simulation.run(120, 250);
  MESSAGE("shares: 20 ms " << simulation.share(0) << ", 100 ms " << simulation.share(4)
                           << ", 200 ms " << simulation.share(9));
  // By rank alone, two choices give the first of ten 9/45, the fifth 5/45 and the last nothing.
  CHECK(simulation.share(0) < 0.205);
  CHECK(simulation.share(0) > 1.3 * simulation.share(4));
  CHECK(simulation.share(4) > 1.3 * simulation.share(9));
}

TEST_CASE("peak EWMA: a target that limps loses its load within a few of its answers") {
  Simulation simulation(ten_equal(), {});
  simulation.run(20, 400);
  CHECK(simulation.share(3) == doctest::Approx(0.1).epsilon(0.5));
  simulation.targets[3].mean *= 10;
  simulation.run(1, 400);  // its mean time
  simulation.measure();
  simulation.run(10, 400);
  MESSAGE("share while limping " << simulation.share(3));
  CHECK(simulation.share(3) < 0.02);
  simulation.targets[3].mean /= 10;
  simulation.run(60, 400);  // six time constants
  simulation.measure();
  simulation.run(10, 400);
  MESSAGE("share after it " << simulation.share(3));
  CHECK(simulation.share(3) > 0.07);
}

TEST_CASE("one of ten limps: p99 by policy") {
  const auto p99 = [](BalancingPolicy policy) {
    auto targets = ten_equal();
    targets[3].mean *= 10;
    Simulation simulation(std::move(targets), {.policy = policy});
    simulation.run(20, 400);
    simulation.measure();
    simulation.run(60, 400);
    return simulation.percentile(0.99);
  };
  const double round_robin = p99(WeightedRoundRobin{});
  const double least = p99(LeastInFlight{});
  const double ewma = p99(PeakEwma{});
  MESSAGE("p99 in s: round robin " << round_robin << ", least in flight " << least << ", peak EWMA "
                                   << ewma);
  CHECK(ewma < 0.65);  // M/M/8 at half load has 0.46: ln(100) times the mean of 100 ms
  CHECK(ewma < least);
  CHECK(least < round_robin);
}

TEST_CASE("a target that fails at once attracts no load, with a breaker or without") {
  for (const bool has_breaker : {false, true}) {
    auto targets = ten_equal();
    for (auto& target : targets) target.has_breaker = has_breaker;
    Simulation simulation(std::move(targets), {});
    simulation.run(20, 400);
    simulation.targets[3].answers_in = 0.001;
    simulation.measure();
    simulation.run(59, 400);
    MESSAGE("failures in 59 s " << simulation.targets[3].failures << " of " << simulation.calls());
    CHECK(simulation.targets[3].failures <= (has_breaker ? 4 : simulation.calls() / 200));
  }
}

TEST_CASE("a rate-limited target is called up to its limit, and refuses little beyond it") {
  for (const BalancingPolicy& policy :
       {BalancingPolicy(WeightedRoundRobin{}), BalancingPolicy(PeakEwma{})}) {
    auto targets = ten_equal();
    targets[3].calls_per_second = 10;  // a quarter of its share
    Simulation simulation(std::move(targets), {.policy = policy});
    simulation.run(60, 400);
    const auto& limited = simulation.targets[3];
    MESSAGE("accepted " << limited.calls - limited.limited << ", refused " << limited.limited);
    CHECK(limited.calls - limited.limited >= 560);
    CHECK(limited.limited <= 90);  // about one a second
  }
}

TEST_CASE("the same seed gives the same simulation") {
  std::array<double, 2> p99{};
  for (double& each : p99) each = p99_of_ten_speeds(PeakEwma{});
  CHECK(p99[0] == p99[1]);
}
