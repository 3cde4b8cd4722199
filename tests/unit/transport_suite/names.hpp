#pragma once

/// \file
/// The transport suite: how host names are resolved, by a resolver of the test.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

using vx11::fail;
using vx11::ResolvedName;

/// The URL of a server under another name.
inline std::string under(const std::string& name, const FakeHttpServer& server) {
  return "http://" + name + ":" + std::to_string(server.port());
}

/// Resolves every name to 127.0.0.1, except those that begin with "hung": for them it hangs until
/// the test ends. Shared with the look-ups, which may outlast the transport.
struct Names {
  std::atomic<int> asked = 0;
  std::atomic<int> hanging = 0;
  std::atomic<bool> over = false;

  Result<ResolvedName> answer(const std::string& name) {
    ++asked;
    if (name.starts_with("hung")) {
      ++hanging;
      hanging.notify_all();
      over.wait(false);
    }
    if (name.starts_with("unknown")) return fail(Errc::unreachable);
    return ResolvedName{.addresses = {"127.0.0.1"}};
  }
};

inline void resolves_names(const MakeTransport& make) {
  const auto names = std::make_shared<Names>();
  const auto transport =
      make({.look_up = [names](const std::string& name) { return names->answer(name); }});
  FakeHttpServer server(answer_of("ok", "200 OK", "Connection: close\r\n"));

  SUBCASE("a name is looked up once for many connections") {
    for (int i = 0; i < 10; ++i) CHECK(get(*transport, under("once.test", server)));
    CHECK(server.connections() == 10);
    CHECK(names->asked == 1);
  }
  SUBCASE("an unknown name is unreachable") {
    CHECK(code_of(get(*transport, under("unknown.test", server))) == Errc::unreachable);
  }
  SUBCASE("look-ups of one name that hang take one place, and other names are answered") {
    std::stop_source stop;
    {
      std::vector<std::jthread> hung;
      for (int i = 0; i < 32; ++i) {
        hung.emplace_back(
            [&] { get(*transport, under("hung.test", server), in(kSoon, stop.get_token())); });
      }
      names->hanging.wait(0);
      for (int i = 0; i < 8; ++i) {
        CHECK(get(*transport, under("fine-" + std::to_string(i) + ".test", server)));
      }
      CHECK(names->hanging == 1);
      stop.request_stop();
    }
  }
  SUBCASE("a call whose look-up waits behind others that hang is our own shortage") {
    std::stop_source stop;
    {
      std::vector<std::jthread> hung;
      for (int i = 0; i < 16; ++i) {
        hung.emplace_back([&, i] {
          get(*transport, under("hung-" + std::to_string(i) + ".test", server),
              in(kSoon, stop.get_token()));
        });
      }
      for (int seen = names->hanging; seen < 16; seen = names->hanging) names->hanging.wait(seen);
      CHECK(code_of(get(*transport, under("late.test", server), in(300ms))) == Errc::exhausted);
      stop.request_stop();
    }
  }
  names->over = true;
  names->over.notify_all();
}

}  // namespace transport_suite_parts
