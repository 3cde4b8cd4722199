// One key on many threads: each is answered once, and no request waits for ever.

#include <vx11/background_timer.hpp>
#include <vx11/idempotency_store.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "idempotency_store_suite.hpp"

namespace {

using Kind = vx11::IdempotencyClaim::Kind;

vx11::IdempotencyId id_of(unsigned number) {
  vx11::IdempotencyId id;
  id.key[0] = static_cast<unsigned char>(number);
  id.key[9] = static_cast<unsigned char>(number >> 8U);
  return id;
}

}  // namespace

TEST_CASE("the store in memory does what every store does") {
  idempotency_store_suite::run([] {
    const auto store =
        vx11::make_memory_idempotency_store({.timer = std::make_shared<vx11::BackgroundTimer>()})
            .value();
    return idempotency_store_suite::Stores{store, store};
  });
}

TEST_CASE("of the requests with one key on many threads one is granted at a time") {
  constexpr unsigned kThreads = 6;
  constexpr unsigned kKeys = 300;
  const auto store =
      vx11::make_memory_idempotency_store({.timer = std::make_shared<vx11::BackgroundTimer>()})
          .value();
  std::vector<std::atomic<int>> holders(kKeys);
  std::vector<std::atomic<int>> granted(kKeys);
  std::atomic<unsigned> wrong{0};
  std::atomic<unsigned> answers{0};
  const auto work = [&] {
    for (unsigned key = 0; key < kKeys; ++key) {
      const vx11::IdempotencyClaim claim = vx11::sync_wait(store->claim(id_of(key), {}));
      if (claim.kind == Kind::answered) {
        ++answers;
        continue;
      }
      if (claim.kind != Kind::granted || holders[key].fetch_add(1) != 0) ++wrong;
      const bool is_last = granted[key].fetch_add(1) == 2;  // two give up, the third answers
      holders[key].fetch_sub(1);
      if (is_last) {
        vx11::sync_wait(store->keep(id_of(key), claim.ticket, vx11::HttpResponse(200)));
      } else {
        store->release(id_of(key), claim.ticket);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(answers == (kThreads - 3) * kKeys);
}
