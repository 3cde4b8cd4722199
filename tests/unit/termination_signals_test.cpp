// SIGINT and SIGTERM as `serve` takes them, without Boost.

#include <csignal>
#include <semaphore>

#include <doctest/doctest.h>

#include "net/server/signals.hpp"

using vx11::net_detail::TerminationSignals;

namespace {

using Arrivals = std::counting_semaphore<16>;

auto handler_of(int signal) {
  struct sigaction now = {};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

void ignore(int /*signal*/) {}

}  // namespace

TEST_CASE("every SIGINT and SIGTERM arrives while one waits for it") {
  Arrivals arrived(0);
  const TerminationSignals signals([&] { arrived.release(); });
  for (const int signal : {SIGINT, SIGTERM, SIGTERM}) {
    std::raise(signal);
    arrived.acquire();
  }
}

TEST_CASE("every instance receives a signal, also after one is destroyed") {
  Arrivals first(0);
  Arrivals second(0);
  const TerminationSignals outer([&] { first.release(); });
  {
    const TerminationSignals inner([&] { second.release(); });
    std::raise(SIGTERM);
    first.acquire();
    second.acquire();
  }
  std::raise(SIGTERM);
  first.acquire();
}

TEST_CASE("the handlers that were there before return, as often as one waits") {
  std::signal(SIGTERM, &ignore);
  for (int i = 0; i < 3; ++i) {
    Arrivals arrived(0);
    {
      const TerminationSignals signals([&] { arrived.release(); });
      CHECK((handler_of(SIGTERM) != &ignore));
      std::raise(SIGTERM);
      arrived.acquire();
    }
    CHECK((handler_of(SIGTERM) == &ignore));
  }
}
