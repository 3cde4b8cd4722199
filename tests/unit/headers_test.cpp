#include <vx11/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using vx11::Headers;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields fields_of(const Headers& headers) {
  Fields fields;
  for (const vx11::Header header : headers) fields.emplace_back(header.name, header.value);
  return fields;
}

}  // namespace

TEST_CASE("header names compare without case, values come back as they were") {
  Headers headers;
  headers.add("Content-Type", "application/json");
  headers.add("X-Twice", "one");
  headers.add("x-twice", "two");
  CHECK(headers.get("content-type") == "application/json");
  CHECK(headers.get("X-TWICE") == "one");
  CHECK(headers.count("x-Twice") == 2);
  CHECK_FALSE(headers.contains("absent"));
  CHECK(headers.get("absent", "otherwise") == "otherwise");
  headers.set("X-Twice", "three");
  CHECK(headers.count("x-twice") == 1);
  headers.remove("X-TWICE");
  CHECK(headers.size() == 1);
}

TEST_CASE("headers are made from a list of names and values") {
  const std::string id = "7";
  const Headers headers = {{"Accept", "text/html"}, {"X-Request-Id", id}, {"accept", "*/*"}};
  CHECK(headers.size() == 3);
  CHECK(headers.get("x-request-id") == "7");
  CHECK(headers.count("Accept") == 2);
  const Headers one = {{"Accept", "text/html"}};
  CHECK(one.size() == 1);
  const Headers copy{one};
  CHECK(copy.get("accept") == "text/html");
  const Headers none = {};
  CHECK(none.empty());
}

TEST_CASE("nothing equals nothing, whatever it points to") {
  CHECK(vx11::equals_ignoring_case({}, ""));
  CHECK_FALSE(vx11::equals_ignoring_case({}, "a"));
}

TEST_CASE("a copy is independent, and what was moved from can be used again") {
  Headers original = {{"A", "1"}};
  Headers copy = original;
  original.add("B", "2");
  copy.set("A", "3");
  CHECK(fields_of(original) == Fields{{"A", "1"}, {"B", "2"}});
  CHECK(fields_of(copy) == Fields{{"A", "3"}});
  const Headers moved = std::move(original);
  CHECK(fields_of(moved) == Fields{{"A", "1"}, {"B", "2"}});
  CHECK(original.empty());  // NOLINT(bugprone-use-after-move)
  original.add("C", "4");
  CHECK(fields_of(original) == Fields{{"C", "4"}});
  copy.clear();
  CHECK(copy.empty());
  CHECK_FALSE(copy.contains("A"));
}

TEST_CASE("fields that are views into the same headers are added whole") {
  Headers headers = {{"First", "a value"}};
  for (int i = 0; i < 200; ++i) {  // beyond every capacity
    const vx11::Header first = *headers.begin();
    headers.add(first.name, first.value);
  }
  CHECK(headers.count("first") == 201);
  headers.set("First", headers.get("First"));
  CHECK(fields_of(headers) == Fields{{"First", "a value"}});
}

TEST_CASE("names and values are followed by a NUL") {
  Headers headers;
  headers.reserve(64);
  headers.add("Name", "value");
  headers.add("Empty", "");
  CHECK(std::string((*headers.begin()).name.data()) == "Name");
  CHECK(std::string(headers.find("name")->data()) == "value");
  CHECK(std::string(headers.find("Empty")->data()).empty());
}

TEST_CASE("10,000 random changes leave what a list of pairs has") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  constexpr std::string_view kLetters = "aAbBzZ-09_";
  const auto any_name = [&] {
    std::string name(below(4), 'x');
    for (char& c : name) c = kLetters[below(kLetters.size())];
    return name;
  };
  const auto is = [](std::string_view name) {
    return [=](const auto& field) { return vx11::equals_ignoring_case(field.first, name); };
  };
  Headers headers;
  Fields model;
  for (int i = 0; i < 10000; ++i) {
    const std::string name = any_name();
    const std::string value(below(40), 'v');
    const std::size_t what = below(8);
    if (what < 4) {
      headers.add(name, value);
      model.emplace_back(name, value);
    } else if (what == 4 || what == 5) {
      what == 4 ? headers.remove(name) : headers.set(name, value);
      model.erase(std::remove_if(model.begin(), model.end(), is(name)), model.end());
      if (what == 5) model.emplace_back(name, value);
    }
    const std::string asked = any_name();
    const auto found = std::find_if(model.begin(), model.end(), is(asked));
    REQUIRE(headers.contains(asked) == (found != model.end()));
    if (found != model.end()) REQUIRE(headers.get(asked) == found->second);
    if (i % 100 == 0) REQUIRE(fields_of(headers) == model);
  }
}
