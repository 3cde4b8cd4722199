// What each policy of a balancer chooses.

#include <vx11/balancer.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Balancer;
using vx11::BalancerMember;
using vx11::BalancerOptions;
using vx11::Duration;
using vx11::LeastInFlight;
using vx11::PeakEwma;
using vx11::StickySession;
using vx11::Verdict;
using vx11::WeightedRoundRobin;
using vx11::testing::ManualClock;

namespace {

std::vector<BalancerMember> members(const std::vector<std::uint32_t>& weights) {
  std::vector<BalancerMember> made;
  for (const std::uint32_t weight : weights) {
    made.push_back({.name = "target-" + std::to_string(made.size()), .weight = weight});
  }
  return made;
}
std::vector<BalancerMember> equal_members(std::size_t count) {
  return members(std::vector<std::uint32_t>(count, 1));
}

std::string letters(Balancer& balancer, int picks) {
  std::string text;
  for (int i = 0; i < picks; ++i) text += static_cast<char>('a' + balancer.pick().value());
  return text;
}

/// Numbers in a given order, again and again.
std::function<double()> numbers(std::vector<double> list) {
  return [list = std::move(list), next = std::size_t{0}]() mutable {
    return list[next++ % list.size()];
  };
}

std::string session(int number) {
  return "session-" + std::to_string(number);
}

}  // namespace

TEST_CASE("smooth weighted round robin spreads the heavy target's turns, as nginx does") {
  Balancer balancer(members({5, 1, 1}), {.policy = WeightedRoundRobin{}});
  CHECK(letters(balancer, 14) == "aabacaaaabacaa");
}

TEST_CASE("shares of weighted round robin are exact after each sum of the weights") {
  Balancer balancer(members({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), {.policy = WeightedRoundRobin{}});
  std::array<int, 10> chosen{};
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 55; ++i) ++chosen.at(balancer.pick().value());
    for (int i = 0; i < 10; ++i) CHECK(chosen.at(static_cast<std::size_t>(i)) == round * (i + 1));
  }
}

TEST_CASE("weighted round robin shares out a missing target's turns by weight") {
  Balancer balancer(members({1, 2, 3}), {.policy = WeightedRoundRobin{}});
  std::array<int, 3> chosen{};
  Balancer::Set except;
  except.set(2);
  for (int i = 0; i < 30; ++i) ++chosen.at(balancer.pick(except).value());
  CHECK(chosen == std::array<int, 3>{10, 20, 0});
}

TEST_CASE("the target with the fewest calls under way for its weight is chosen") {
  Balancer balancer(members({1, 3}), {.policy = LeastInFlight{}});
  std::vector<Balancer::Call> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(balancer.begin(balancer.pick().value()));
  CHECK(balancer.loads()[0].in_flight == 2);
  CHECK(balancer.loads()[1].in_flight == 6);
  CHECK(balancer.load(1).in_flight == 6);
  CHECK(balancer.load(1).name == balancer.loads()[1].name);
  calls.clear();
  CHECK(balancer.loads()[1].in_flight == 0);
  CHECK(balancer.loads()[1].calls == 6);
}

TEST_CASE("equally busy targets take turns") {
  Balancer balancer(equal_members(3), {.policy = LeastInFlight{}});
  CHECK(letters(balancer, 6) == "abcabc");
}

TEST_CASE("a busy target's turn does not go to its neighbour") {
  Balancer balancer(equal_members(3), {.policy = LeastInFlight{}});
  const Balancer::Call busy = balancer.begin(0);
  CHECK(letters(balancer, 6) == "bcbcbc");
}

TEST_CASE("peak EWMA: the estimate rises at once and decays by its time constant") {
  ManualClock clock;
  Balancer balancer(equal_members(1), {.policy = PeakEwma{.decay = 10s}}, clock);
  const auto answers_in = [&](Duration taken) {
    balancer.begin(0).record(Verdict::success, taken);
  };
  const auto estimate = [&] {
    return std::chrono::duration<double, std::milli>(balancer.loads()[0].latency).count();
  };
  answers_in(100ms);
  CHECK(estimate() == doctest::Approx(100));
  answers_in(900ms);
  CHECK(estimate() == doctest::Approx(900));
  clock.advance(10s);
  CHECK(estimate() == doctest::Approx(900 / std::exp(1)).epsilon(1e-4));
  answers_in(100ms);
  CHECK(estimate() ==
        doctest::Approx(900 / std::exp(1) + 100 * (1 - 1 / std::exp(1))).epsilon(1e-4));
  clock.advance(1000h);
  CHECK(estimate() == doctest::Approx(0));
}

TEST_CASE("peak EWMA: a failure counts as a slow answer") {
  ManualClock clock;
  Balancer balancer(equal_members(1), {.policy = PeakEwma{.failure_cost = 2s}}, clock);
  Balancer::Call stream = balancer.begin(0);
  stream.record(Verdict::success, 500ms);
  stream.record(Verdict::success, 9s);  // its end
  CHECK(std::chrono::round<std::chrono::milliseconds>(balancer.loads()[0].latency) == 500ms);
  stream.record(Verdict::failure, 1s);
  CHECK(std::chrono::round<std::chrono::milliseconds>(balancer.loads()[0].latency) == 2s);
  balancer.begin(0).record(Verdict::failure, 3s);
  CHECK(std::chrono::round<std::chrono::milliseconds>(balancer.loads()[0].latency) == 3s);
}

TEST_CASE("peak EWMA: a neutral call raises an estimate below its time, and lowers none") {
  ManualClock clock;
  Balancer balancer(equal_members(1), {}, clock);
  const auto estimate = [&] {
    return std::chrono::round<std::chrono::milliseconds>(balancer.loads()[0].latency);
  };
  balancer.begin(0).record(Verdict::neutral, 300ms);
  CHECK(estimate() == 300ms);
  balancer.begin(0).record(Verdict::neutral, 100ms);
  CHECK(estimate() == 300ms);
  balancer.begin(0).record(Verdict::neutral, 9s);
  CHECK(estimate() == 9s);
  clock.advance(1000h);
  Balancer::Call stream = balancer.begin(0);
  stream.record(Verdict::success, 500ms);
  stream.record(Verdict::neutral, 9s);  // its caller left
  CHECK(estimate() == 500ms);
}

TEST_CASE("peak EWMA: of two random targets the one of lower cost is chosen") {
  ManualClock clock;
  // Draws 0 and 1, then 2 and 1, then 0 and 0 and 1, a second draw of the same being repeated.
  Balancer balancer(equal_members(3), {.random = numbers({0.1, 0.4, 0.7, 0.4, 0.1, 0.2, 0.4})},
                    clock);
  balancer.begin(0).record(Verdict::success, 30ms);
  balancer.begin(1).record(Verdict::success, 20ms);
  balancer.begin(2).record(Verdict::success, 10ms);
  CHECK(balancer.pick().value() == 1);
  CHECK(balancer.pick().value() == 2);
  const Balancer::Call busy = balancer.begin(1);  // 20 ms × 2 for the next one
  CHECK(balancer.pick().value() == 0);
}

TEST_CASE("peak EWMA: a target without an answer gets one call at a time") {
  ManualClock clock;
  Balancer balancer(equal_members(2), {.random = numbers({0.1, 0.6})}, clock);
  balancer.begin(0).record(Verdict::success, 30ms);
  CHECK(balancer.pick().value() == 1);
  const Balancer::Call first = balancer.begin(1);
  for (int i = 0; i < 10; ++i) CHECK(balancer.pick().value() == 0);
}

TEST_CASE("peak EWMA: of two targets without an answer the less busy one is chosen") {
  ManualClock clock;
  Balancer balancer(members({1, 4}), {.random = numbers({0.1, 0.6})}, clock);
  std::vector<Balancer::Call> calls;
  for (int i = 0; i < 2; ++i) calls.push_back(balancer.begin(0));
  for (int i = 0; i < 5; ++i) calls.push_back(balancer.begin(1));
  CHECK(balancer.pick().value() == 1);  // 3 / 1 and 6 / 4
  for (int i = 0; i < 9; ++i) calls.push_back(balancer.begin(1));
  CHECK(balancer.pick().value() == 0);  // 3 / 1 and 15 / 4
}

TEST_CASE("peak EWMA: the cost is divided by the weight") {
  ManualClock clock;
  Balancer balancer(members({1, 4}), {.random = numbers({0.1, 0.6})}, clock);
  balancer.begin(0).record(Verdict::success, 30ms);
  balancer.begin(1).record(Verdict::success, 100ms);
  CHECK(balancer.pick().value() == 1);
}

TEST_CASE("a random source that throws or leaves its range is no danger") {
  Balancer throwing(equal_members(3), {.random = []() -> double { throw 1; }});
  CHECK(throwing.pick().has_value());
  Balancer wrong(equal_members(3), {.random = [] { return 7.0; }});
  CHECK(wrong.pick().has_value());
  Balancer not_a_number(equal_members(3),
                        {.random = [] { return std::numeric_limits<double>::quiet_NaN(); }});
  CHECK(not_a_number.pick().value() < 3);
}

TEST_CASE("sticky: a session keeps its target, and all targets have a share") {
  Balancer balancer(equal_members(10), {.policy = StickySession{}});
  Balancer other_process(equal_members(10), {.policy = StickySession{}});
  std::array<int, 10> chosen{};
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t member = balancer.pick({}, session(i)).value();
    ++chosen.at(member);
    CHECK(other_process.pick({}, session(i)).value() == member);
  }
  for (const int count : chosen) CHECK(count == doctest::Approx(1000).epsilon(0.1));
}

TEST_CASE("sticky: when a target is removed, only its own sessions move, to all others") {
  Balancer ten(equal_members(10), {.policy = StickySession{}});
  Balancer nine(equal_members(9), {.policy = StickySession{}});
  std::array<int, 9> moved_to{};
  int moved = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t before = ten.pick({}, session(i)).value();
    const std::size_t after = nine.pick({}, session(i)).value();
    if (before == after) continue;
    CHECK(before == 9);
    ++moved;
    ++moved_to.at(after);
  }
  CHECK(moved == doctest::Approx(1000).epsilon(0.1));
  for (const int count : moved_to) CHECK(count > 50);
}

TEST_CASE("sticky: shares follow the weights, and a weight that grows only attracts sessions") {
  Balancer light(members({1, 2, 3, 4}), {.policy = StickySession{}});
  Balancer heavy(members({1, 2, 3, 8}), {.policy = StickySession{}});
  std::array<int, 4> chosen{};
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t before = light.pick({}, session(i)).value();
    const std::size_t after = heavy.pick({}, session(i)).value();
    ++chosen.at(before);
    CHECK((after == before || after == 3));
  }
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(chosen.at(i) == doctest::Approx(1000.0 * static_cast<double>(i + 1)).epsilon(0.1));
  }
}

TEST_CASE("sticky: without its target a session has a next one, always the same") {
  Balancer balancer(equal_members(10), {.policy = StickySession{}});
  for (int i = 0; i < 100; ++i) {
    Balancer::Set except;
    except.set(balancer.pick({}, session(i)).value());
    const std::size_t second = balancer.pick(except, session(i)).value();
    CHECK_FALSE(except.test(second));
    CHECK(balancer.pick(except, session(i)).value() == second);
  }
}

TEST_CASE("sticky: a chat without a session goes to the less busy of two") {
  Balancer balancer(equal_members(2), {.policy = StickySession{}, .random = numbers({0.1, 0.6})});
  const Balancer::Call busy = balancer.begin(0);
  CHECK(balancer.pick().value() == 1);
}

TEST_CASE("policies that need no time read no clock") {
  const std::vector<vx11::BalancingPolicy> policies = {WeightedRoundRobin{}, LeastInFlight{},
                                                       StickySession{}};
  for (const auto& policy : policies) {
    ManualClock clock;
    Balancer balancer(equal_members(3), {.policy = policy}, clock);
    Balancer::Call call = balancer.begin(balancer.pick({}, "s").value());
    call.record(Verdict::success, 1s);
    CHECK(clock.reads() == 0);
  }
}

TEST_CASE("no policy chooses a member of the exception, and none if that is all") {
  const std::vector<vx11::BalancingPolicy> policies = {PeakEwma{}, WeightedRoundRobin{},
                                                       LeastInFlight{}, StickySession{}};
  for (const auto& policy : policies) {
    Balancer balancer(equal_members(3), {.policy = policy});
    Balancer::Set except;
    except.set(0).set(2);
    for (int i = 0; i < 50; ++i) CHECK(balancer.pick(except, session(i % 5)).value() == 1);
    CHECK_FALSE(balancer.pick(except.set(1)).has_value());
  }
}

TEST_CASE("a balancer without members chooses none") {
  for (const vx11::BalancingPolicy& policy :
       {vx11::BalancingPolicy(PeakEwma{}), vx11::BalancingPolicy(LeastInFlight{})}) {
    Balancer balancer({}, {.policy = policy});
    CHECK_FALSE(balancer.pick().has_value());
    CHECK_FALSE(balancer.earliest().has_value());
  }
}

TEST_CASE("every mistake in a balancer's options is named") {
  CHECK(validate(BalancerOptions{}).has_value());
  const BalancerOptions wrong{.policy = PeakEwma{.decay = 0s, .failure_cost = -1s},
                              .default_cooldown = -1s,
                              .max_cooldown = -1s,
                              .slow_start = -1s};
  CHECK(validate(wrong).error().detail ==
        "policy.decay must be at least 1 ms; policy.failure_cost must be at least 0; "
        "default_cooldown must be at least 0; max_cooldown must be at least 0; "
        "slow_start must be at least 0");
  Balancer clamped(equal_members(2), wrong);
  CHECK(clamped.pick().has_value());
}
