#pragma once

/// \file
/// What every `IdempotencyStore` has to do.

#include <vx11/idempotency_store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace idempotency_store_suite {

using vx11::HttpResponse;
using vx11::IdempotencyClaim;
using vx11::IdempotencyId;
using Kind = IdempotencyClaim::Kind;
using Store = std::shared_ptr<vx11::IdempotencyStore>;

/// Two clients of one set of keys, which may be the same object.
struct Stores {
  Store one;
  Store other;
};

inline IdempotencyId id_of(unsigned char key, unsigned char content = 0) {
  IdempotencyId id;
  id.key[0] = key;
  id.content[31] = content;
  return id;
}

/// A claim that does not wait.
inline IdempotencyClaim claim(const Store& store, const IdempotencyId& id) {
  return vx11::sync_wait(store->claim(id, vx11::Deadline(vx11::TimePoint())));
}
inline std::future<IdempotencyClaim> claim_later(const Store& store, const IdempotencyId& id,
                                                 std::stop_token stop = {}) {
  return std::async(std::launch::async, [store, id, stop] {
    return vx11::sync_wait(store->claim(id, vx11::Deadline(vx11::TimePoint::max(), stop)));
  });
}
inline void keep(const Store& store, const IdempotencyId& id, std::uint64_t ticket,
                 std::string text) {
  HttpResponse answer(201, "text/plain", std::move(text));
  answer.headers.add("Set-Cookie", "a=1");
  answer.headers.add("Set-Cookie", "b=2");
  vx11::sync_wait(store->keep(id, ticket, std::move(answer)));
}

/// \param make stores with an empty set of keys, whose requests wait for each other
inline void run(const std::function<Stores()>& make) {
  const Stores stores = make();
  SUBCASE("the first request is granted its key, later ones get its answer as it was") {
    const auto first = claim(stores.one, id_of(1));
    REQUIRE(first.kind == Kind::granted);
    std::string text = "with a zero ";
    text += '\0';
    keep(stores.one, id_of(1), first.ticket, text);
    const auto again = claim(stores.other, id_of(1));
    REQUIRE(again.kind == Kind::answered);
    CHECK(again.answer->status == 201);
    CHECK(again.answer->body == text);
    CHECK(again.answer->headers.get("content-type") == "text/plain");
    CHECK(again.answer->headers.count("Set-Cookie") == 2);
  }
  SUBCASE("a key in use is busy, and one of another content is refused, answered or not") {
    const auto first = claim(stores.one, id_of(1, 1));
    CHECK(claim(stores.other, id_of(1, 1)).kind == Kind::busy);
    CHECK(claim(stores.other, id_of(1, 2)).kind == Kind::other_content);
    CHECK(claim(stores.other, id_of(2, 2)).kind == Kind::granted);
    keep(stores.one, id_of(1, 1), first.ticket, "one");
    CHECK(claim(stores.other, id_of(1, 2)).kind == Kind::other_content);
    CHECK(claim(stores.other, id_of(1, 1)).kind == Kind::answered);
  }
  SUBCASE("a released key is granted to the request that waits") {
    const auto first = claim(stores.one, id_of(1));
    auto waiting = claim_later(stores.other, id_of(1));
    stores.one->release(id_of(1), first.ticket);
    const auto second = waiting.get();
    REQUIRE(second.kind == Kind::granted);
    keep(stores.other, id_of(1), second.ticket, "second");
    CHECK(claim(stores.one, id_of(1)).answer->body == "second");
  }
  SUBCASE("requests that wait get the answer") {
    const auto first = claim(stores.one, id_of(1));
    auto here = claim_later(stores.one, id_of(1));
    auto there = claim_later(stores.other, id_of(1));
    keep(stores.one, id_of(1), first.ticket, "one");
    CHECK(here.get().answer->body == "one");
    CHECK(there.get().answer->body == "one");
  }
  SUBCASE("a request that leaves while it waits takes nothing") {
    const auto first = claim(stores.one, id_of(1));
    std::stop_source client;
    auto waiting = claim_later(stores.other, id_of(1), client.get_token());
    client.request_stop();
    CHECK(waiting.get().kind != Kind::granted);
    stores.one->release(id_of(1), first.ticket);
    const auto next = claim_later(stores.other, id_of(1)).get();
    CHECK(next.kind == Kind::granted);
  }
  SUBCASE("tickets of others change nothing") {
    const auto first = claim(stores.one, id_of(1));
    keep(stores.one, id_of(1), first.ticket + 1000, "not mine");
    stores.one->release(id_of(1), first.ticket + 1000);
    CHECK(claim(stores.other, id_of(1)).kind == Kind::busy);
    keep(stores.one, id_of(1), first.ticket, "one");
    stores.one->release(id_of(1), first.ticket);
    keep(stores.one, id_of(1), first.ticket, "two");
    CHECK(claim(stores.other, id_of(1)).answer->body == "one");
  }
}

}  // namespace idempotency_store_suite
