#include <vx11/store/session_keys.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "scratch_folder.hpp"
#include "store/packed_session.hpp"
#include "store/redis_session_key.hpp"
#include "store/redis_session_values.hpp"

using namespace std::chrono_literals;
using vx11::Message;
using vx11::SessionBeginning;
using vx11::SessionKeys;
using vx11::Turn;
using vx11::WallTime;
using vx11::redis_sessions::key_of;
using vx11::redis_sessions::Values;

namespace {

const std::string kKeyOne = "1 " + std::string(64, '1');
const std::string kKeyTwo = "2 " + std::string(64, '2');

SessionKeys keys(const std::string& text) {
  auto parsed = SessionKeys::parse(text);
  REQUIRE_MESSAGE(parsed, parsed.error().detail);
  return *parsed;
}

std::string refusal(const std::string& text) {
  const auto parsed = SessionKeys::parse(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == vx11::Errc::invalid_argument);
  return parsed.error().detail;
}

bool same(const Turn& a, const Turn& b) {
  return a.user == b.user && a.assistant == b.assistant;
}

std::vector<Turn> odd_turns() {
  const std::string odd("\0a\0\xFF\xC0'\"%s\n", 10);
  return {
      Turn(),
      Turn(Message("user", "what", WallTime(1'700'000'000'000ms), R"({"lang":"ñ"})"),
           Message("assistant", "that", WallTime(1'700'000'004'000ms))),
      Turn(Message(odd, odd, WallTime(WallTime::duration::max()), odd),
           Message("", "", WallTime(WallTime::duration::min()), "")),
      Turn(Message("assistant", std::string(300, 'x')), Message("user", std::string(99'999, 'y')))};
}

/// The element as the script completes it.
std::string element_of(const Values& values, std::string_view session, const Turn& turn) {
  const auto made = values.turn(session, turn);
  REQUIRE(made);
  return made->before + std::string(6, '\0') + made->after;
}

std::string read_failure(const Values& values, std::string_view session, std::string_view element) {
  const auto turn = values.read_turn(session, element);
  REQUIRE_FALSE(turn);
  CHECK(turn.error().code == vx11::Errc::storage);
  return turn.error().detail;
}

}  // namespace

TEST_CASE("turns and beginnings are packed without loss") {
  for (const Turn& turn : odd_turns()) {
    const auto unpacked = vx11::unpack_turn(vx11::pack(turn));
    REQUIRE(unpacked);
    CHECK(same(*unpacked, turn));
  }
  for (const auto at : {WallTime(), WallTime(-1ms), WallTime(1'700'000'000'000ms)}) {
    const auto unpacked =
        vx11::unpack_beginning(vx11::pack(SessionBeginning(at, std::string("ana\0b", 5))));
    REQUIRE(unpacked);
    CHECK(unpacked->created_at == at);
    CHECK(unpacked->user_id == std::string("ana\0b", 5));
  }
}

TEST_CASE("a usual turn takes at most 32 bytes beside its text, and its share of the list") {
  const WallTime now(1'790'000'000'000ms);
  const Turn usual(Message("user", std::string(300, 'q'), now),
                   Message("assistant", std::string(300, 'a'), now + 4s));
  CHECK(vx11::pack(usual).size() <= 600 + 13);
  CHECK(element_of(Values(SessionKeys()), "s", usual).size() <= 600 + 32);
}

TEST_CASE("packed text that was changed is read differently or not at all, and never crashes") {
  std::mt19937 random(7);
  for (const Turn& turn : odd_turns()) {
    const std::string packed = vx11::pack(turn);
    for (std::size_t size = 0; size < std::min<std::size_t>(packed.size(), 400); ++size) {
      CHECK_FALSE(vx11::unpack_turn(packed.substr(0, size)));
    }
    CHECK_FALSE(vx11::unpack_turn(packed + '\0'));
    for (int i = 0; i < 2'000; ++i) {
      std::string changed = packed;
      const std::size_t at = random() % std::min<std::size_t>(changed.size(), 64);
      changed[at] = static_cast<char>(changed[at] ^ (1 + random() % 255));
      const auto unpacked = vx11::unpack_turn(changed);
      if (unpacked && same(*unpacked, turn)) FAIL("two spellings of a turn, byte " << at);
    }
  }
}

TEST_CASE("the key of a session has one hash tag, whatever its id") {
  CHECK(key_of("vx11:s:", "session-001") == "vx11:s:{session-001}");
  CHECK(key_of("", "}x{") == "{%7Dx%7B}");
  CHECK(key_of("", std::string("\x1F"
                               "5:alice\0%",
                               10)) == "{%1F5%3Aalice%00%25}");
  CHECK(key_of("", "") == "{}");
  CHECK(key_of("", "\xC3\xB1") == "{%C3%B1}");
}

TEST_CASE("elements are read as they were written, encrypted or not") {
  for (const SessionKeys& with : {SessionKeys(), keys(kKeyOne)}) {
    const Values values(with);
    for (const Turn& turn : odd_turns()) {
      const auto back = values.read_turn("s", element_of(values, "s", turn));
      REQUIRE(back);
      CHECK(same(*back, turn));
    }
    const auto header = values.header("s", SessionBeginning(WallTime(5ms), "ana"));
    REQUIRE(header);
    CHECK(values.read_header("s", *header)->user_id == "ana");
    CHECK(values.read_header("s", *header)->created_at == WallTime(5ms));
  }
}

TEST_CASE("nothing of a session is readable where it is encrypted, and no two turns look alike") {
  const Values values(keys(kKeyOne));
  const Turn turn(Message("user", "the secret question"), Message("assistant", "its answer"));
  const std::string element = element_of(values, "s", turn);
  CHECK(element.find("secret") == std::string::npos);
  CHECK(element.find("answer") == std::string::npos);
  CHECK(element_of(values, "s", turn) != element);
  const auto header = values.header("s", SessionBeginning(WallTime(5ms), "ana the user"));
  CHECK(header->find("ana") == std::string::npos);
}

TEST_CASE("an encrypted value is read with its key and at its place only") {
  const Values one(keys(kKeyOne));
  const Turn turn(Message("user", "q"), Message("assistant", "a"));
  const std::string element = element_of(one, "s", turn);

  SUBCASE("after a rotation the old key still reads, and the first one writes") {
    const Values both(keys(kKeyTwo + "\n" + kKeyOne));
    CHECK(both.read_turn("s", element));
    const std::string newer = element_of(both, "s", turn);
    CHECK(read_failure(one, "s", newer) ==
          "it is encrypted with key 2, which is not in the file of keys; add it there");
  }
  SUBCASE("another session's value is refused, and so is a header in place of a turn") {
    CHECK(read_failure(one, "t", element).starts_with("it cannot be decrypted"));
    const auto header = one.header("s", SessionBeginning(WallTime(), "ana"));
    std::string moved = element.substr(0, 11) + header->substr(7);
    CHECK(read_failure(one, "s", moved).starts_with("it cannot be decrypted"));
  }
  SUBCASE("the same number with another key is refused") {
    const Values other(keys("1 " + std::string(64, 'f')));
    CHECK(read_failure(other, "s", element).starts_with("it cannot be decrypted"));
  }
  SUBCASE("any change of a byte that is not the script's is noticed") {
    for (std::size_t i = 11; i < element.size(); ++i) {
      std::string changed = element;
      changed[i] = static_cast<char>(changed[i] ^ 0x20);
      CHECK_FALSE(one.read_turn("s", changed));
    }
    for (std::size_t size = 0; size < element.size(); ++size) {
      CHECK_FALSE(one.read_turn("s", element.substr(0, size)));
    }
  }
  SUBCASE("without keys it is refused, and says which setting is missing") {
    CHECK(read_failure(Values(SessionKeys()), "s", element) ==
          "it is encrypted; set sessions.encryption_keys");
  }
}

TEST_CASE("with keys, plain values are refused unless the file of keys accepts them") {
  const std::string plain = element_of(Values(SessionKeys()), "s", Turn());
  CHECK(read_failure(Values(keys(kKeyOne)), "s", plain).starts_with("it is not encrypted"));
  CHECK(Values(keys(kKeyOne + "\nplaintext\n")).read_turn("s", plain));
}

TEST_CASE("foreign, damaged and newer values are distinguished") {
  const Values values{SessionKeys()};
  CHECK(read_failure(values, "s", "hello") == "its value is not a session");
  CHECK(read_failure(values, "s", "") == "it is damaged");
  CHECK(read_failure(values, "s", "\x01") == "it is damaged");
  CHECK(read_failure(values, "s", "\x03whatever comes") ==
        "a newer version wrote it; update this gateway");
  const auto of_header = [&](std::string_view element) {
    return values.read_header("s", element).error().detail;
  };
  CHECK(of_header("hello") == "its value is not a session");
  CHECK(of_header("VX11S") == "it is damaged");
  CHECK(of_header("VX11S\x01\x01") == "it is damaged");
  CHECK(of_header("VX11S\x02\x01more") == "a newer version wrote it; update this gateway");
  CHECK(of_header("VX11S\x01\x05more") == "a newer version wrote it; update this gateway");
}

TEST_CASE("a key file says what is wrong with it and never repeats a key") {
  CHECK(keys("# comment\n\n" + kKeyOne + "\r\n" + kKeyTwo + "\n"));
  CHECK_FALSE(SessionKeys());
  CHECK(refusal("").starts_with("has no key"));
  CHECK(refusal("plaintext").starts_with("has no key"));
  CHECK(refusal(kKeyOne + "\n" + kKeyOne).starts_with("line 2 repeats the number"));
  const std::vector<std::string> no_key = {"1 abc", "1", "1" + std::string(64, 'a'),
                                           "1 " + std::string(63, 'a') + "x",
                                           "1 " + std::string(66, 'a')};
  for (const std::string& wrong : no_key) {
    CHECK(refusal(wrong).starts_with("line 1 has no key of 64 hexadecimal digits"));
  }
  for (const std::string& wrong :
       {"0 " + std::string(64, 'a'), "65536 " + std::string(64, 'a'), std::string(64, 'x')}) {
    CHECK(refusal(wrong).starts_with("line 1 does not begin with the number of a key"));
  }
}

TEST_CASE("a key file that others may read or write is refused") {
  namespace fs = std::filesystem;
  const ScratchFolder folder;
  const std::string path = (folder.path() / "keys").string();
  std::ofstream(path) << kKeyOne << '\n';
  const auto with_mode = [&](fs::perms mode) {
    fs::permissions(path, mode);
    return SessionKeys::read(path);
  };
  CHECK(with_mode(fs::perms(0600)));
  CHECK(with_mode(fs::perms(0440)));  // as Kubernetes mounts secrets
  const auto readable = with_mode(fs::perms(0644));
  REQUIRE_FALSE(readable);
  CHECK(readable.error().detail ==
        "\"" + path + "\" holds encryption keys and may be read by every user; run chmod o-r " +
            path);
  CHECK_FALSE(with_mode(fs::perms(0660)));
  CHECK(SessionKeys::read(path + ".none").error().code == vx11::Errc::storage);
}
