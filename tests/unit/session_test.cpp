#include <vx11/session.hpp>
#include <vx11/session_store.hpp>

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using vx11::context_summary;
using vx11::first_characters;
using vx11::Message;
using vx11::WallTime;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("keys: no two principals share one, and without a principal it is the id") {
  const std::string mark = "\x1F";
  const std::vector<std::string> parts = {"",
                                          "a",
                                          "b",
                                          "ab",
                                          "a:b",
                                          "1:a",
                                          mark,
                                          "0:",
                                          mark + "1:a",
                                          mark + "0:a",
                                          std::string("a\0b", 3)};
  std::set<std::string> keys;
  for (const std::string& id : parts) {
    const std::string plain = vx11::session_key(nullptr, id);
    CHECK((plain == id) == !id.starts_with(mark));
    CHECK(vx11::session_key(&parts[0], id) == plain);
    CHECK(vx11::principal_of(plain) == "");
    keys.insert(plain);
    for (const std::string& principal : parts) {
      if (principal.empty()) continue;
      const std::string key = vx11::session_key(&principal, id);
      CHECK(vx11::principal_of(key) == principal);
      keys.insert(key);
    }
  }
  CHECK(keys.size() == parts.size() * parts.size());
  for (const char* odd : {"\x1F",
                          "\x1F"
                          "5",
                          "\x1F"
                          "5:abc",
                          "\x1F"
                          "x:abc",
                          "\x1F-1:a",
                          "\x1F"
                          "99999999999999999999:a"}) {
    CHECK(vx11::principal_of(odd) == "");
  }
}

TEST_CASE("characters of every length are counted as one and never split") {
  const std::string text = "aé€😀z";
  CHECK(first_characters(text, 0) == "");
  CHECK(first_characters(text, 1) == "a");
  CHECK(first_characters(text, 2) == "aé");
  CHECK(first_characters(text, 3) == "aé€");
  CHECK(first_characters(text, 4) == "aé€😀");
  CHECK(first_characters(text, 5) == text);
  CHECK(first_characters(text, static_cast<std::size_t>(-1)) == text);
  CHECK(first_characters("", 5) == "");
}

TEST_CASE("an invalid byte counts as one character") {
  const auto bytes_of_first = [](std::string_view text) {
    return first_characters(text, 1).size();
  };
  CHECK(bytes_of_first("\x80 continuation alone") == 1);
  CHECK(bytes_of_first("\xFF never a byte of UTF-8") == 1);
  CHECK(bytes_of_first("\xC0\xAF overlong") == 1);
  CHECK(bytes_of_first("\xE0\x9F\xBF overlong") == 1);
  CHECK(bytes_of_first("\xED\xA0\x80 surrogate") == 1);
  CHECK(bytes_of_first("\xF0\x8F\xBF\xBF overlong") == 1);
  CHECK(bytes_of_first("\xF4\x90\x80\x80 past the last code point") == 1);
  CHECK(bytes_of_first("\xE2\x82 cut short") == 1);
  CHECK(bytes_of_first("\xE2\x82") == 1);
  CHECK(bytes_of_first("\xF0\x9F\x98") == 1);
}

TEST_CASE("the first and last code points of every length are whole") {
  for (const std::string_view text :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(first_characters(text, 1) == text);
  }
}

TEST_CASE("a NUL is a character like any other") {
  using namespace std::string_view_literals;
  CHECK(first_characters("a\0b"sv, 2) == "a\0"sv);
}

TEST_CASE("a summary joins the last three messages, the current one included") {
  const std::vector<Message> history = {
      {"user", "one"}, {"assistant", "two"}, {"user", "three"}, {"assistant", "four"}};
  CHECK(context_summary(history, {"user", "five"}) == "user: three\nassistant: four\nuser: five");
  CHECK(context_summary(history) == "assistant: two\nuser: three\nassistant: four");
}

TEST_CASE("a summary of little is short") {
  const std::vector<Message> nothing;
  CHECK(context_summary(nothing) == "");
  CHECK(context_summary(nothing, {"user", "hello"}) == "user: hello");
  CHECK(context_summary(nothing, {"", ""}) == ": ");
}

TEST_CASE("a summary takes the first 100 characters of a message, without dots") {
  const std::string hundred = repeated("ñ", 100);
  CHECK(context_summary({}, {"user", hundred + "x"}) == "user: " + hundred);
}

TEST_CASE("a summary of 256 characters is whole, one of 257 is cut and dotted") {
  const std::string hundred = repeated("€", 100);
  const auto summary = [&](std::size_t last) {
    const std::vector<Message> history = {{"u", hundred}, {"u", hundred}};
    return context_summary(history, {"u", repeated("é", last)});
  };
  const std::string start = "u: " + hundred + "\nu: " + hundred + "\nu: ";  // 211 characters
  CHECK(summary(45) == start + repeated("é", 45));
  CHECK(summary(46) == start + repeated("é", 45) + "...");
  CHECK(summary(100) == start + repeated("é", 45) + "...");
}

TEST_CASE("a summary is cut between characters, whatever their length") {
  for (const std::string_view character : {"a", "é", "€", "😀"}) {
    const std::vector<Message> history = {{"user", repeated(character, 150)},
                                          {"assistant", repeated(character, 150)}};
    const std::string summary = context_summary(history, {"user", repeated(character, 150)});
    CHECK(summary.ends_with(std::string(character) + "..."));
    CHECK(first_characters(summary, 256).size() + 3 == summary.size());
  }
}

TEST_CASE("a UUID is a random one of version 4 in lower case") {
  const std::string uuid = vx11::make_uuid();
  REQUIRE(uuid.size() == 36);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    CHECK((std::string_view(dash ? "-" : "0123456789abcdef").find(uuid[i])) !=
          std::string_view::npos);
  }
  CHECK(uuid[14] == '4');
  CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
}

TEST_CASE("UUIDs made by several threads differ") {
  constexpr int kEach = 500;
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < kEach; ++i) mine.push_back(vx11::make_uuid());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& some : made) all.insert(some.begin(), some.end());
  CHECK(all.size() == made.size() * kEach);
}

TEST_CASE("parent and child of a fork make different UUIDs") {
  vx11::make_uuid();  // so that the parent has entropy in reserve
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const std::string made = vx11::make_uuid();
    _exit(write(ends[1], made.data(), made.size()) == static_cast<ssize_t>(made.size()) ? 0 : 1);
  }
  const std::string own = vx11::make_uuid();
  std::string others(36, ' ');
  CHECK(read(ends[0], others.data(), others.size()) == 36);
  CHECK(own != others);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a time is written in UTC with milliseconds") {
  using std::chrono::sys_days;
  using namespace std::chrono;
  CHECK(vx11::to_rfc3339(WallTime()) == "1970-01-01T00:00:00.000Z");
  CHECK(vx11::to_rfc3339(WallTime(1'766'925'296'789ms)) == "2025-12-28T12:34:56.789Z");
  CHECK(vx11::to_rfc3339(sys_days(2024y / 2 / 29) + 23h + 59min + 59s + 7ms) ==
        "2024-02-29T23:59:59.007Z");
  CHECK(vx11::to_rfc3339(WallTime(-1ms)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a time beyond the four digits of a year is drawn to the nearest that fits") {
  CHECK(vx11::to_rfc3339(WallTime::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(vx11::to_rfc3339(WallTime::min()) == "0000-01-01T00:00:00.000Z");
}
