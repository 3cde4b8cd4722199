// What power-aware routing costs a chat: a router over two targets in the process, whose first one has no
// `asleep`, one of a governor that finds it awake, and one that finds it asleep.
#include <vx11/power_governor.hpp>
#include <vx11/router.hpp>
#include <vx11/transport/in_process.hpp>

#include <functional>
#include <memory>
#include <utility>

#include <benchmark/benchmark.h>

namespace {

using vx11::PowerGovernor;

std::shared_ptr<PowerGovernor> governor(bool is_awake) {
  auto made = PowerGovernor::create({.power_aware = true}).value();
  vx11::PowerState state;
  state.running = {"madre", "tentaculo_link", "redis"};
  if (is_awake) state.running.emplace_back("switch");
  made->observe(state);
  return made;
}

vx11::Router router(std::function<bool()> asleep) {
  const auto answer = [](const vx11::HttpRequest&, const vx11::Deadline&) {
    return vx11::Result<vx11::HttpResponse>(
        vx11::HttpResponse(200, "application/json", R"({"response":"hello"})"));
  };
  auto transport = std::make_shared<vx11::InProcessTransport>(answer);
  vx11::RouterOptions options{
      .targets = {{.name = "switch", .url = "http://switch:8002", .transport = transport},
                  {.name = "madre", .url = "http://madre:8001", .transport = transport}}};
  options.targets[0].asleep = std::move(asleep);
  return vx11::Router::create(std::move(options)).value();
}

void run(benchmark::State& state, const vx11::Router& asked) {
  vx11::ChatRequest chat;
  chat.message = "hello";
  for (auto unused : state) benchmark::DoNotOptimize(asked.ask(chat));
}

void chat_without_power(benchmark::State& state) {
  run(state, router({}));
}
BENCHMARK(chat_without_power);

void chat_with_an_awake_switch(benchmark::State& state) {
  run(state, router([watched = governor(true)] { return watched->passes_by(); }));
}
BENCHMARK(chat_with_an_awake_switch);

/// Until the evidence is old: benchmarks take less time than `max_age`.
void chat_past_a_sleeping_switch(benchmark::State& state) {
  run(state, router([watched = governor(false)] { return watched->passes_by(); }));
}
BENCHMARK(chat_past_a_sleeping_switch);

void passes_by_alone(benchmark::State& state) {
  const auto watched = governor(true);
  for (auto unused : state) benchmark::DoNotOptimize(watched->passes_by());
}
BENCHMARK(passes_by_alone);

}  // namespace
