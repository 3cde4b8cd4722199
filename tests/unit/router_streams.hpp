#pragma once

/// \file
/// switch with the pieces of a test, and madre that answers whole.

#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "stream_pieces.hpp"
#include "streaming_script.hpp"

using namespace std::chrono_literals;
using namespace stream_pieces;
using streaming_script::broken;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;
using streaming_script::stream_of;
using vx11::ChatRequest;
using vx11::CircuitState;
using vx11::Errc;
using vx11::Outcome;
using vx11::Router;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

namespace router_streams {

inline const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
inline const std::string kLo = "data: {\"delta\":\"lo\"}\n\n";
inline const std::string kDone = "event: done\ndata: {\"model\":\"m-7\"}\n\n";

/// switch with the test's pieces, and madre that answers in one piece.
struct Upstreams {
  explicit Upstreams(std::shared_ptr<vx11::Transport> first, vx11::SharedEvents sink = {})
      : primary(std::move(first)), events(std::move(sink)) {
    fallback->then_json(R"({"response":"from madre","session_id":"s"})");
  }

  ManualClock clock = {};
  std::shared_ptr<vx11::Transport> primary;
  vx11::SharedEvents events;
  std::shared_ptr<ScriptedTransport> fallback = std::make_shared<ScriptedTransport>(clock);
  Router router =
      Router::create({.targets = {{.name = "switch", .url = "http://s:8002", .transport = primary},
                                  {.name = "madre", .url = "http://m:8001", .transport = fallback}},
                      .clock = clock,
                      .events = events})
          .value();

  vx11::Result<ChatStream, vx11::ChatFailure> ask(Deadline deadline = {}) const {
    return vx11::sync_wait(
        router.async_stream(ChatRequest("hello", "session-001"), std::move(deadline)));
  }
  vx11::CircuitSnapshot breaker() const { return router.breaker("switch")->snapshot(); }
  void fail_switch(int times) const {
    for (int i = 0; i < times; ++i) router.breaker("switch")->try_acquire().value().failure();
  }
};

}  // namespace router_streams
