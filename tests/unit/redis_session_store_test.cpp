#include <vx11/store/redis.hpp>
#include <vx11/store/session_keys.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "fake_http_server.hpp"
#include "redis_session_parts.hpp"
#include "session_store_suite.hpp"
#include "store/redis_session_key.hpp"
#include "store/redis_session_scripts.hpp"
#include "store/redis_session_values.hpp"

using namespace redis_session_parts;
using namespace session_store_suite_parts;
using vx11::Errc;
using vx11::RedisSessionStoreOptions;
using vx11::SessionKeys;
using vx11::WallTime;

namespace {

SessionKeys some_keys(const std::string& number = "1") {
  auto keys = SessionKeys::parse(number + " " + std::string(64, 'a'));
  REQUIRE(keys);
  return *std::move(keys);
}

/// Words of the lengths of a conversation's, which do not repeat.
std::string prose(std::size_t bytes) {
  static std::uint32_t state = 1;
  std::string text;
  while (text.size() < bytes) {
    state = state * 1'664'525 + 1'013'904'223;
    text.append(3 + (state >> 28U), static_cast<char>('a' + (state >> 16U) % 26)).append(" ");
  }
  text.resize(bytes);
  return text;
}

Turn said(std::size_t bytes) {
  const WallTime now(1'790'000'000'000ms);
  return {Message("user", prose(bytes), now), Message("assistant", prose(bytes), now + 4s)};
}

double bytes_per_byte_of_text(SessionStore& store, const std::string& prefix, std::size_t turns) {
  constexpr std::size_t kBytes = 300;
  for (std::size_t i = 0; i < turns; ++i) append(store, "session-001", said(kBytes), "local");
  CHECK(recent(store, "session-001").size() == 50);
  const auto used = site().number({"MEMORY", "USAGE", prefix + "{session-001}", "SAMPLES", "0"});
  return static_cast<double>(used) / (50.0 * kBytes);
}

/// The bytes that the turns of a session count for.
std::size_t weight_of(const vx11::redis::Reply& turns) {
  std::size_t weight = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::string_view bytes = turns[i].text().substr(1, 4);
    std::size_t of_one = 0;
    for (const unsigned char byte : bytes) of_one = of_one << 8U | byte;
    weight += of_one;
  }
  return weight;
}

/// What a server before 7.0 says to these commands, with a session of one turn.
std::string answers_of_an_old_server(const std::string& commands, const std::string& turn,
                                     std::string& names) {
  const std::string turns = "*1\r\n$" + std::to_string(turn.size()) + "\r\n" + turn + "\r\n";
  std::string answers;
  std::size_t at = 0;
  const auto number = [&] {
    const int read = std::stoi(commands.substr(at + 1));
    at = commands.find("\r\n", at) + 2;
    return read;
  };
  while (at < commands.size()) {
    std::string name;
    for (int words = number(); words > 0; --words) {
      const auto size = static_cast<std::size_t>(number());
      if (name.empty()) name = commands.substr(at, size);
      at += size + 2;
    }
    names += name + ' ';
    if (name == "ROLE") answers += "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
    if (name == "CLIENT") answers += "+OK\r\n";
    if (name == "PEXPIRE") answers += "-ERR wrong number of arguments for 'pexpire' command\r\n";
    if (name == "LRANGE" || name == "EVALSHA") answers += turns;
  }
  return answers;
}

/// It bounds no sessions of all, and its server keeps a key at least for a millisecond.
void run_suite(const SessionKeys& keys) {
  const auto make = [&keys](const SessionLimits& limits,
                            const ManualClock& clock) -> std::shared_ptr<SessionStore> {
    RedisSessionStoreOptions options;
    options.store.limits = limits;
    options.store.wall_clock = clock;
    options.store.patience = 10s;  // a busy machine
    options.key_prefix = fresh_prefix();
    options.keys = keys;
    return std::make_shared<FollowingStore>(site().store(std::move(options)), site().clock(),
                                            clock);
  };
  session_store_suite(make, {.bounds_all = false, .shortest_idle = 2ms});
}

}  // namespace

TEST_CASE("the redis store does what every store does, but bounds no sessions of all") {
  run_suite({});
}

TEST_CASE("an encrypted redis store does the same") {
  run_suite(some_keys());
}

TEST_CASE("fifty messages of 300 bytes take at most 1.2 times their text in redis") {
  const std::string prefix = fresh_prefix();
  RedisSessionStoreOptions options{.key_prefix = prefix};
  SUBCASE("plain") {}
  SUBCASE("encrypted") {
    options.keys = some_keys();
  }
  const auto store = site().store(std::move(options));
  CHECK(bytes_per_byte_of_text(*store, prefix, 25) <= 1.2);
  CHECK(bytes_per_byte_of_text(*store, prefix, 30) <= 1.2);  // after the oldest have left
}

TEST_CASE("a chat takes two commands, and only its turn is written") {
  const auto store = site().store({.key_prefix = fresh_prefix()});
  append(*store, "s", turn("1"));
  summary(*store, "s", "why?");
  const auto before = site().client->status().counters;
  summary(*store, "s", "why?");
  append(*store, "s", turn("2"));
  const auto after = site().client->status().counters;
  CHECK(after.commands - before.commands == 2);
  CHECK(after.sends - before.sends == 2);
}

TEST_CASE("the expiry is the server's, set by each use") {
  RedisSessionStoreOptions options{.key_prefix = fresh_prefix()};
  options.store.limits.idle_timeout = 60s;
  const std::string key = options.key_prefix + "{s}";
  const auto store = site().store(std::move(options));
  append(*store, "s", turn("1"));
  const WallTime now(1'790'000'000'000ms);
  CHECK(site().number({"PEXPIRETIME", key}) == (now + 60s - 1ms).time_since_epoch().count());
  for (const auto& use : {+[](SessionStore& s) { recent(s, "s", 1); },
                          +[](SessionStore& s) { summary(s, "s", "why?"); },
                          +[](SessionStore& s) { find(s, "s"); }}) {
    REQUIRE(site().number({"PEXPIRE", key, "5"}) == 1);
    use(*store);
    CHECK(site().number({"PTTL", key}) == 60'000 - 1);
  }
  SUBCASE("the server's clock may jump: back keeps, forward ends") {
    site().clock().set(now - 24h);
    CHECK(find(*store, "s"));
    append(*store, "s", turn("2"));
    site().clock().set(now + 24h);
    CHECK_FALSE(find(*store, "s"));
  }
}

TEST_CASE("a server before 7.0 is read by a script, from its first refusal on") {
  const vx11::redis_sessions::Values values{SessionKeys()};
  const auto made = values.turn("s", turn("1"));
  const std::string element = made->before + std::string(6, '\0') + made->after;
  std::string names;
  {
    const fake_http_server::FakeHttpServer server([&](fake_http_server::Peer& peer) {
      for (std::string heard; !(heard = peer.read_some()).empty();) {
        peer.send(answers_of_an_old_server(heard, element, names));
      }
    });
    const auto client =
        vx11::make_redis_client({.url = "redis://127.0.0.1:" + std::to_string(server.port())});
    REQUIRE(client);
    const auto store = vx11::make_redis_session_store(*client);
    REQUIRE(store);
    for (int i = 0; i < 2; ++i) {
      CHECK(contents(recent(**store, "s")) == Contents{"ask 1", "answer 1"});
    }
  }
  CHECK(names.substr(names.find("PEXPIRE")) == "PEXPIRE LRANGE EVALSHA EVALSHA ");
}

TEST_CASE("a value that is not a session is an error, and stays as it is") {
  const std::string prefix = fresh_prefix();
  const auto store = site().store({.key_prefix = prefix});
  const std::string key = prefix + "{s}";
  std::string expected = "its value is not a session";

  SUBCASE("a text") {
    site().run({"SET", key, "VX11S"});
  }
  SUBCASE("a hash") {
    site().run({"HSET", key, "a", "b"});
  }
  SUBCASE("a list of something else") {
    site().run({"RPUSH", key, "hello", "world"});
  }
  SUBCASE("a session of a newer version") {
    site().run({"RPUSH", key, "VX11S\x02\x01xxx", "\x03 of some other form, whatever it is"});
    expected = "a newer version wrote it; update this gateway";
  }
  SUBCASE("a header without turns") {
    const auto header =
        vx11::redis_sessions::Values(SessionKeys()).header("s", vx11::SessionBeginning());
    site().run({"RPUSH", key, *header});
    CHECK(append_failure(*store, "s", Errc::invalid_reply).ends_with("it is damaged"));
    CHECK(find(*store, "s")->messages.empty());
    CHECK(site().number({"LLEN", key}) == 1);
    return;
  }
  const std::string before = site().text({"DUMP", key});
  CHECK(append_failure(*store, "s", Errc::invalid_reply) ==
        "cannot write the session in redis: " + expected);
  CHECK(read_failure(*store, "s", Errc::invalid_reply) ==
        "cannot read the session in redis: " + expected);
  CHECK(site().text({"DUMP", key}) == before);
  CHECK(site().number({"PTTL", key}) == -1);
  CHECK(erase(*store, "s"));
  append(*store, "s", turn("new"));
  CHECK(recent(*store, "s").size() == 2);
}

TEST_CASE("elements of a session that were changed are an error or another text, never a crash") {
  const std::string prefix = fresh_prefix();
  const auto store = site().store({.key_prefix = prefix});
  const std::string key = prefix + "{s}";
  append(*store, "s", turn("1"));
  append(*store, "s", turn("2"));
  const std::string whole = site().text({"DUMP", key});
  std::uint32_t state = 7;
  for (int i = 0; i < 400; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    const std::string index = std::to_string(static_cast<int>(state >> 30U) % 3);
    const std::string element = site().text({"LINDEX", key, index});
    std::string changed = element;
    changed[(state >> 8U) % changed.size()] ^= static_cast<char>(1 + (state >> 16U) % 255);
    if (i % 3 == 0) changed.resize((state >> 8U) % changed.size());
    site().run({"LSET", key, index, changed});
    static_cast<void>(vx11::sync_wait(store->find("s")));
    static_cast<void>(vx11::sync_wait(store->summary("s", "why?")));
    static_cast<void>(vx11::sync_wait(store->append("s", "ana", turn("3"))));
    site().run({"RESTORE", key, "0", whole, "REPLACE"});
  }
  CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
}

TEST_CASE("a turn whose command is repeated is stored once") {
  const std::string key = fresh_prefix() + "{s}";
  const vx11::redis_sessions::Values values{SessionKeys()};
  const auto header = values.header("s", vx11::SessionBeginning(WallTime(), "ana"));
  const auto made = values.turn("s", turn("1"));
  const auto send = [&] {
    return site().number({"EVAL", std::string(vx11::redis_sessions::kAppend), "1", key, *header,
                          made->before, made->after, "60000", "25", "100000"});
  };
  CHECK(send() == 1);
  CHECK(send() == 0);
  CHECK(site().number({"LLEN", key}) == 2);
}

TEST_CASE("the header stays while turns leave, whatever the limits") {
  RedisSessionStoreOptions options{.key_prefix = fresh_prefix()};
  options.store.limits = {.messages = 6, .session_bytes = 4'000};
  const std::string key = options.key_prefix + "{s}";
  const auto store = site().store(std::move(options));
  append(*store, "s", turn("first"), "ana");
  const auto begun = find(*store, "s")->created_at;
  for (std::size_t i = 1; i < 60; ++i) {
    append(*store, "s", said(i * 37 % 1'700), "berta");
    const auto session = find(*store, "s");
    REQUIRE(session);
    CHECK(session->created_at == begun);
    CHECK(session->user_id == "ana");
    std::size_t bytes = 0;
    for (const Message& message : session->messages) bytes += vx11::stored_bytes(message);
    CHECK((bytes <= 4'000 || session->messages.size() == 2));
    const auto turns = site().run({"LRANGE", key, "1", "-1"});
    REQUIRE(turns);
    CHECK((weight_of(*turns) <= 4'000 || turns->size() == 1));
    // A full session may keep one turn more, which is not read.
    const auto unread =
        site().number({"LLEN", key}) - static_cast<std::int64_t>(1 + session->messages.size() / 2);
    CHECK(unread >= 0);
    CHECK(unread <= (session->messages.size() == 6 ? 1 : 0));
  }
}

TEST_CASE("sessions are encrypted with the first key, and read with all") {
  const std::string prefix = fresh_prefix();
  const auto first = site().store({.key_prefix = prefix, .keys = some_keys("1")});
  append(*first, "s", {{"user", "my secret"}, {"assistant", "kept"}}, "ana");
  CHECK(site().text({"LINDEX", prefix + "{s}", "1"}).find("secret") == std::string::npos);

  const auto without = site().store({.key_prefix = prefix});
  CHECK(read_failure(*without, "s", Errc::invalid_reply)
            .ends_with("it is encrypted; set sessions.encryption_keys"));
  const auto second = site().store({.key_prefix = prefix, .keys = some_keys("2")});
  CHECK(
      read_failure(*second, "s", Errc::invalid_reply)
          .ends_with("it is encrypted with key 1, which is not in the file of keys; add it there"));
  SUBCASE("a session copied to another id is not read there") {
    site().run({"COPY", prefix + "{s}", prefix + "{t}"});
    CHECK(read_failure(*first, "t", Errc::invalid_reply).find("it cannot be decrypted") !=
          std::string::npos);
  }
}

TEST_CASE("a prefix that would hide the id from the hash slot is refused") {
  for (const char* prefix : {"{a", "a}"}) {
    const auto made = vx11::make_redis_session_store(site().client, {.key_prefix = prefix});
    REQUIRE_FALSE(made);
    CHECK(made.error().code == vx11::Errc::invalid_argument);
  }
  CHECK_FALSE(vx11::make_redis_session_store(nullptr));
}
