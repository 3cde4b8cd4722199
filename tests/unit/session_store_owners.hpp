#pragma once

/// \file
/// The parts of `session_store_suite` about principals and deletion.

#include "session_store_calls.hpp"

namespace session_store_suite_parts {

inline void ownership(const MakeStore& make, const SuiteScope& scope) {
  ManualClock clock;

  SUBCASE("the same id of two principals, and of none, is three sessions") {
    const auto store = make({}, clock);
    for (const std::string& key : {std::string("s"), owned("a", "s"), owned("b", "s")}) {
      append(*store, key, turn(key));
      CHECK(contents(recent(*store, key)) == Contents{"ask " + key, "answer " + key});
    }
    CHECK(find(*store, owned("a", "s"))->id == owned("a", "s"));
  }
  SUBCASE("what has expired or was deleted leaves room for its principal") {
    const auto store = make({.idle_timeout = 60s, .sessions_per_principal = 2}, clock);
    for (const char* id : {"1", "2"}) append(*store, owned("a", id), turn("x"));
    clock.advance(60s);
    append(*store, owned("a", "1"), turn("again"));
    append(*store, owned("a", "3"), turn("x"));
    CHECK(find(*store, owned("a", "1")));
    CHECK(erase(*store, owned("a", "1")));
    append(*store, owned("a", "4"), turn("x"));
    CHECK(find(*store, owned("a", "3")));
    CHECK(find(*store, owned("a", "4")));
  }
  if (!scope.bounds_all) return;
  SUBCASE("more sessions than a principal may have evict its own alone") {
    const auto store = make({.sessions = 100, .sessions_per_principal = 2}, clock);
    append(*store, "plain", turn("x"));
    append(*store, owned("b", "s"), turn("x"));
    for (const char* id : {"1", "2"}) append(*store, owned("a", id), turn("x"));
    recent(*store, owned("a", "1"));
    append(*store, owned("a", "3"), turn("x"));
    CHECK_FALSE(find(*store, owned("a", "2")));
    for (const std::string& key : {std::string("plain"), owned("b", "s"), owned("a", "1")}) {
      CHECK(find(*store, key));
    }
    for (int i = 0; i < 10; ++i) append(*store, std::to_string(i), turn("x"));
    CHECK(find(*store, "plain"));  // without a principal only the limit of all counts
  }
  SUBCASE("by default a principal may have a tenth of the sessions") {
    const auto store = make({.sessions = 30}, clock);
    for (int i = 0; i < 5; ++i) append(*store, owned("a", std::to_string(i)), turn("x"));
    for (int i = 0; i < 5; ++i)
      CHECK(find(*store, owned("a", std::to_string(i))).has_value() == (i > 1));
  }
  SUBCASE("more bytes than a principal may have evict its own alone") {
    const auto store = make({.total_bytes = 100'000, .bytes_per_principal = 3'000}, clock);
    const Turn large(Message("user", std::string(500, 'q')), Message("assistant", "a"));
    append(*store, "plain", large);
    append(*store, owned("b", "s"), large);
    for (int i = 0; i < 10; ++i) append(*store, owned("a", std::to_string(i)), large);
    CHECK(find(*store, "plain"));
    CHECK(find(*store, owned("b", "s")));
    CHECK_FALSE(find(*store, owned("a", "0")));
    CHECK(find(*store, owned("a", "9")));
    for (int i = 0; i < 10; ++i) append(*store, owned("a", "9"), large);
    CHECK(recent(*store, owned("a", "9")).size() == 22);  // the session in use stays whole
    CHECK_FALSE(find(*store, owned("a", "8")));
  }
  SUBCASE("a full store takes from the one who asks first") {
    const auto store = make({.sessions = 4, .sessions_per_principal = 4}, clock);
    append(*store, owned("b", "s"), turn("x"));
    append(*store, "plain", turn("x"));
    for (const char* id : {"1", "2", "3", "4"}) append(*store, owned("a", id), turn("x"));
    CHECK(find(*store, owned("b", "s")));
    CHECK(find(*store, "plain"));
    append(*store, "other", turn("x"));
    CHECK_FALSE(find(*store, "plain"));
    CHECK(find(*store, owned("b", "s")));
    append(*store, owned("c", "s"), turn("x"));  // has no other: the least recently used of all
    CHECK_FALSE(find(*store, owned("a", "3")));
    CHECK(find(*store, owned("c", "s")));
    CHECK(find(*store, owned("b", "s")));
  }
}

inline void deletion(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({.idle_timeout = 60s}, clock);
  append(*store, "s", turn("1"));
  append(*store, "t", turn("1"));

  SUBCASE("a session that is deleted is gone, and no other") {
    CHECK(erase(*store, "s"));
    CHECK_FALSE(find(*store, "s"));
    CHECK(find(*store, "t"));
    CHECK_FALSE(erase(*store, "s"));
    append(*store, "s", turn("2"));
    CHECK(contents(recent(*store, "s")) == Contents{"ask 2", "answer 2"});
  }
  SUBCASE("an expired session does not exist") {
    clock.advance(60s);
    CHECK_FALSE(erase(*store, "s"));
  }
}

}  // namespace session_store_suite_parts
