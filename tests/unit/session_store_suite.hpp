#pragma once

/// \file
/// What every `SessionStore` does, as one suite.
///
/// A store's own test calls `session_store_suite` with a function that makes an empty store with
/// the given limits and clock, for exclusive use.

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "session_store_calls.hpp"
#include "session_store_owners.hpp"
#include "session_store_threads.hpp"

namespace session_store_suite_parts {

inline void keeping(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({}, clock);

  SUBCASE("an unknown session has no messages and is not found") {
    CHECK(recent(*store, "s").empty());
    CHECK(!find(*store, "s"));
  }
  SUBCASE("reading an unknown session does not begin it") {
    recent(*store, "s");
    CHECK(!find(*store, "s"));
  }
  SUBCASE("turns are read as messages, oldest first") {
    append(*store, "s", turn("1"));
    append(*store, "s", turn("2"));
    CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
  }
  SUBCASE("of many messages the newest are read") {
    append(*store, "s", turn("1"));
    append(*store, "s", turn("2"));
    CHECK(contents(recent(*store, "s", 3)) == Contents{"answer 1", "ask 2", "answer 2"});
    CHECK(contents(recent(*store, "s", 1)) == Contents{"answer 2"});
    CHECK(recent(*store, "s", 0).empty());
  }
  SUBCASE("sessions know nothing of each other") {
    append(*store, "a", turn("of a"));
    append(*store, "b", turn("of b"));
    CHECK(contents(recent(*store, "a")) == Contents{"ask of a", "answer of a"});
    CHECK(contents(recent(*store, "b")) == Contents{"ask of b", "answer of b"});
  }
  SUBCASE("what is read is a copy") {
    append(*store, "s", turn("1"));
    find(*store, "s")->messages.clear();
    CHECK(recent(*store, "s").size() == 2);
  }
}

inline std::string summary(SessionStore& store, std::string id, std::string_view question) {
  auto text = vx11::sync_wait(store.summary(std::move(id), question));
  REQUIRE(text);
  return *std::move(text);
}

inline void summing_up(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({}, clock);

  SUBCASE("a session unknown or gone leaves the question alone") {
    CHECK(summary(*store, "s", "why?") == "user: why?");
    append(*store, "s", turn("1"));
    clock.advance(SessionLimits().idle_timeout);
    CHECK(summary(*store, "s", "why?") == "user: why?");
  }
  SUBCASE("the last two messages and the question are summed up") {
    append(*store, "s", turn("1"));
    append(*store, "s", turn("2"));
    CHECK(summary(*store, "s", "why?") == "user: ask 2\nassistant: answer 2\nuser: why?");
    const Message question("user", "why?");
    CHECK(summary(*store, "s", "why?") == vx11::context_summary(recent(*store, "s"), question));
  }
  SUBCASE("what is not kept is not summed up") {
    const auto forgetful = make({.messages = 1}, clock);
    append(*forgetful, "s", turn("1"));
    CHECK(summary(*forgetful, "s", "why?") == "assistant: answer 1\nuser: why?");
  }
  SUBCASE("summing up counts as use") {
    append(*store, "s", turn("1"));
    for (int i = 0; i < 3; ++i) {
      clock.advance(SessionLimits().idle_timeout - 1ms);
      static_cast<void>(summary(*store, "s", "why?"));
    }
    CHECK(recent(*store, "s").size() == 2);
  }
}

inline void faithfulness(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({.message_bytes = 4 << 20, .session_bytes = 8 << 20}, clock);

  SUBCASE("a message comes back as it was given, with its time and metadata") {
    const Message user("user", "what", vx11::WallTime(1234ms), R"({"lang":"ñ"})");
    const Message assistant("assistant", "that", vx11::WallTime(5678ms), R"({"a":[1,{}]})");
    append(*store, "s", {user, assistant});
    CHECK(recent(*store, "s") == std::vector<Message>{user, assistant});
  }
  SUBCASE("any bytes are kept: none, NUL, invalid UTF-8, a megabyte") {
    const std::string odd("\0a\0\xFF\xC0'\"%s\n", 10);
    const Message user(odd, std::string(1 << 20, '\xE2'), {}, odd);
    append(*store, "s", {user, Message("", "", {}, "")});
    CHECK(recent(*store, "s") == std::vector<Message>{user, Message("", "", {}, "")});
  }
  SUBCASE("ids differ by any byte") {
    const std::vector<std::string> ids = {
        "", "s", "S", std::string("s\0", 2), std::string("s\0x", 3), "s ", "\xFF", "1", "01"};
    for (const std::string& id : ids) append(*store, id, turn(id), "user of " + id);
    for (const std::string& id : ids) {
      const auto session = find(*store, id);
      REQUIRE(session);
      CHECK(session->id == id);
      CHECK(session->user_id == "user of " + id);
      CHECK(contents(session->messages) == Contents{"ask " + id, "answer " + id});
    }
  }
}

inline void describing(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({}, clock);
  const vx11::WallTime begun = clock.wall_now();
  append(*store, "s", turn("1"), "ana");

  SUBCASE("a session keeps its first user and start time") {
    clock.advance(10s);
    append(*store, "s", turn("2"), "berta");
    const auto session = find(*store, "s");
    REQUIRE(session);
    CHECK(session->user_id == "ana");
    CHECK(session->created_at == begun);
    CHECK(session->messages.size() == 4);
  }
  SUBCASE("a session begins with its first message, not with the answer to it") {
    clock.advance(10s);
    Turn slow = turn("1");
    slow.user.timestamp = clock.wall_now() - 7s;
    slow.assistant.timestamp = clock.wall_now();
    append(*store, "slow", slow);
    CHECK(find(*store, "slow")->created_at == slow.user.timestamp);
    Turn early = turn("2");
    early.user.timestamp = clock.wall_now() + 7s;
    append(*store, "early", early);
    CHECK(find(*store, "early")->created_at == clock.wall_now());
  }
  SUBCASE("a session found was last used just now") {
    clock.advance(10s);
    CHECK(find(*store, "s")->last_accessed == begun + 10s);
  }
}

inline void trimming(const MakeStore& make, const SuiteScope& scope) {
  ManualClock clock;

  SUBCASE("the newest messages are kept, fifty by default") {
    const auto store = make({}, clock);
    for (int i = 1; i <= 30; ++i) append(*store, "s", turn(std::to_string(i)));
    const auto messages = recent(*store, "s");
    REQUIRE(messages.size() == 50);
    CHECK(messages.front().content == "ask 6");
    CHECK(messages.back().content == "answer 30");
    CHECK(find(*store, "s")->messages == messages);
  }
  SUBCASE("an odd limit is kept too") {
    const auto store = make({.messages = 3}, clock);
    for (int i = 1; i <= 5; ++i) append(*store, "s", turn(std::to_string(i)));
    CHECK(contents(recent(*store, "s")) == Contents{"answer 4", "ask 5", "answer 5"});
    CHECK(find(*store, "s")->messages.size() == 3);
  }
  SUBCASE("a limit of zero counts as one") {
    const auto store = make({.messages = 0, .idle_timeout = 0s, .sessions = 0}, clock);
    append(*store, "s", turn("1"));
    CHECK(contents(find(*store, "s")->messages) == Contents{"answer 1"});
    append(*store, "t", turn("2"));
    CHECK(find(*store, "s").has_value() == !scope.bounds_all);
    CHECK(find(*store, "t"));
    clock.advance(scope.shortest_idle);
    CHECK(!find(*store, "t"));
  }
  SUBCASE("limits may be as large as can be") {
    const auto store =
        make({.messages = kAll, .idle_timeout = vx11::Duration::max(), .sessions = kAll}, clock);
    append(*store, "s", turn("1"));
    append(*store, "s", turn("2"));
    clock.advance(24h * 365);
    CHECK(recent(*store, "s").size() == 4);
  }
}

inline void expiry(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({.idle_timeout = 60s}, clock);
  append(*store, "s", turn("1"), "ana");

  SUBCASE("an idle session is there up to its limit and gone at it") {
    clock.advance(60s - 1ms);
    CHECK(find(*store, "s"));
    clock.advance(60s);
    CHECK(!find(*store, "s"));
    CHECK(recent(*store, "s").empty());
  }
  SUBCASE("every use begins the idle time anew") {
    const std::vector<std::function<void()>> uses = {
        [&] { recent(*store, "s"); }, [&] { recent(*store, "s", 0); }, [&] { find(*store, "s"); },
        [&] { append(*store, "s", turn("2")); }};
    for (const auto& use : uses) {
      clock.advance(59s);
      use();
    }
    clock.advance(59s);
    CHECK(find(*store, "s"));
  }
  SUBCASE("after its end a session begins anew, with nothing of the old") {
    clock.advance(60s);
    append(*store, "s", turn("2"), "berta");
    const auto session = find(*store, "s");
    REQUIRE(session);
    CHECK(session->user_id == "berta");
    CHECK(session->created_at == clock.wall_now());
    CHECK(contents(session->messages) == Contents{"ask 2", "answer 2"});
  }
  SUBCASE("one of many that expired at once begins anew like any other") {
    for (int i = 0; i < 20; ++i) append(*store, std::to_string(i), turn("old"));
    clock.advance(60s);
    append(*store, "19", turn("new"));
    CHECK(contents(recent(*store, "19")) == Contents{"ask new", "answer new"});
  }
  SUBCASE("many that expired at once do not disturb those that come after") {
    for (int i = 0; i < 20; ++i) append(*store, "old " + std::to_string(i), turn("x"));
    clock.advance(60s);
    for (int i = 0; i < 20; ++i) append(*store, "new " + std::to_string(i), turn("x"));
    for (int i = 0; i < 20; ++i) {
      CHECK(!find(*store, "old " + std::to_string(i)));
      CHECK(find(*store, "new " + std::to_string(i)));
    }
  }
}

inline void bounding_bytes(const MakeStore& make, const SuiteScope& scope) {
  ManualClock clock;
  const auto sized = [](std::size_t bytes) {  // a turn that counts for 2 * `bytes`
    const std::size_t beside = 128 + 2;       // and the metadata {}
    return Turn(Message("user", std::string(bytes - beside - 4, 'q')),
                Message("assistant", std::string(bytes - beside - 9, 'a')));
  };
  SUBCASE("a message that is too long is cut between two characters, and says so") {
    const auto store = make({.message_bytes = 64}, clock);
    append(
        *store, "s",
        Turn(Message("user", "short", {}, R"({"k":1})"),
             Message("assistant", std::string(45, 'a') + "\xE2\x82\xAC" + std::string(40, 'r'))));
    const auto messages = recent(*store, "s");
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].content == "short");
    CHECK(messages[0].metadata_json == R"({"k":1})");
    CHECK(messages[1].content == std::string(45, 'a'));
    CHECK(messages[1].metadata_json == R"({"truncated":true})");
  }
  SUBCASE("metadata that is too long leaves before the text does") {
    const auto store = make({.message_bytes = 64}, clock);
    const std::string large = R"({"k":")" + std::string(100, 'm') + R"("})";
    append(*store, "s", Turn(Message("user", "text", {}, large), Message("assistant", "answer")));
    const auto messages = recent(*store, "s");
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].content == "text");
    CHECK(messages[0].metadata_json == R"({"truncated":true})");
  }
  SUBCASE("the oldest turns of a session leave when it has too many bytes") {
    const auto store = make({.session_bytes = 3'000}, clock);
    for (int i = 0; i < 4; ++i) append(*store, "s", sized(500));
    CHECK(recent(*store, "s").size() == 6);
    append(*store, "s", sized(1'000));
    CHECK(recent(*store, "s").size() == 4);
    append(*store, "s", sized(5'000));
    CHECK(recent(*store, "s").size() == 2);  // the newest turn stays, whatever its size
    append(*store, "s", sized(200));
    CHECK(recent(*store, "s").size() == 2);
  }
  if (!scope.bounds_all) return;
  SUBCASE("the least recently used sessions leave when all have too many bytes") {
    const auto store = make({.total_bytes = 3'000}, clock);
    for (const char* id : {"a", "b", "c"}) append(*store, id, sized(500));
    recent(*store, "a");
    append(*store, "d", sized(500));
    CHECK_FALSE(find(*store, "b"));
    CHECK(find(*store, "a"));
    CHECK(find(*store, "c"));
    append(*store, "e", sized(4'000));
    CHECK_FALSE(find(*store, "a"));
    CHECK_FALSE(find(*store, "d"));
    CHECK(find(*store, "e"));
    append(*store, "f", sized(500));
    CHECK_FALSE(find(*store, "e"));
    for (int i = 0; i < 2; ++i) append(*store, "f", sized(500));
    CHECK(recent(*store, "f").size() == 6);
  }
}

inline void eviction(const MakeStore& make) {
  ManualClock clock;
  const auto store = make({.sessions = 3}, clock);
  for (const char* id : {"a", "b", "c"}) append(*store, id, turn(id));

  SUBCASE("the least recently used leaves first") {
    append(*store, "d", turn("d"));
    CHECK(!find(*store, "a"));
    for (const char* id : {"b", "c", "d"}) CHECK(find(*store, id));
  }
  SUBCASE("a turn counts as use") {
    append(*store, "a", turn("again"));
    append(*store, "d", turn("d"));
    CHECK(find(*store, "a"));
    CHECK(!find(*store, "b"));
  }
  SUBCASE("reading counts as use") {
    recent(*store, "a");
    find(*store, "b");
    append(*store, "d", turn("d"));
    CHECK(!find(*store, "c"));
    CHECK(find(*store, "a"));
    CHECK(find(*store, "b"));
  }
  SUBCASE("asking for a stranger does not count as use of anyone") {
    recent(*store, "stranger");
    append(*store, "d", turn("d"));
    CHECK(!find(*store, "a"));
  }
  SUBCASE("of many newcomers the newest stay") {
    for (int i = 0; i < 50; ++i) append(*store, std::to_string(i), turn("x"));
    for (int i = 0; i < 47; ++i) CHECK(!find(*store, std::to_string(i)));
    for (int i = 47; i < 50; ++i) CHECK(find(*store, std::to_string(i)));
  }
  SUBCASE("one that left and comes back begins anew") {
    append(*store, "d", turn("d"));
    append(*store, "a", turn("back"));
    CHECK(contents(find(*store, "a")->messages) == Contents{"ask back", "answer back"});
  }
}

}  // namespace session_store_suite_parts

inline void session_store_suite(const session_store_suite_parts::MakeStore& make,
                                const session_store_suite_parts::SuiteScope& scope = {}) {
  using namespace session_store_suite_parts;
  SUBCASE("keeping") {
    keeping(make);
  }
  SUBCASE("summing up") {
    summing_up(make);
  }
  SUBCASE("faithfulness") {
    faithfulness(make);
  }
  SUBCASE("describing") {
    describing(make);
  }
  SUBCASE("trimming") {
    trimming(make, scope);
  }
  SUBCASE("expiry") {
    expiry(make);
  }
  SUBCASE("bounding bytes") {
    bounding_bytes(make, scope);
  }
  SUBCASE("eviction") {
    if (scope.bounds_all) eviction(make);
  }
  SUBCASE("ownership") {
    ownership(make, scope);
  }
  SUBCASE("deletion") {
    deletion(make);
  }
  SUBCASE("concurrency") {
    concurrency(make);
  }
}
