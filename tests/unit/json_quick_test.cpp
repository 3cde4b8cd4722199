#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "json/fast_scan.hpp"

namespace json = vx11::json;
using Document = nlohmann::json;

namespace {

constexpr std::array<std::string_view, 3> kWanted = {"message", "metadata", "n"};

/// What was found, put together again; of duplicates the last wins, as in a document.
Document together(const json::Split& read) {
  Document whole = Document::parse(read.rest);
  for (std::size_t i = 0; i < kWanted.size(); ++i) {
    const json::Member& member = read.found.members[i];
    if (member.kind == json::Kind::absent) continue;
    const bool text = member.kind == json::Kind::string;
    whole[std::string(kWanted[i])] = text ? Document(member.text) : Document::parse(member.text);
  }
  return whole;
}

/// The quick reader may leave a text to the library, but never read what the library would not, nor
/// anything else in it. \return whether it read it
bool reads_like_the_library(const std::string& text) {
  json::Split split;
  if (!json::scan_quickly(text, kWanted, split.found, &split.rest)) return false;
  CAPTURE(text);
  const Document read = Document::parse(text, nullptr, false);
  REQUIRE_FALSE(read.is_discarded());
  CHECK(together(split) == read);
  return true;
}

const std::vector<std::string> kTexts = {
    R"({"message":"How are you today?","session_id":"s-1","metadata":{"client":"x","n":[1,2.5]}})",
    R"( { "message" : "a \"quoted\"\n\tline\\" , "n" : -0.25 , "deep":[[{"a":[{}]}],null,true] } )",
    R"({"n":1,"n":"two","x":{},"x":[],"":"","metadata":null,"b":false})",
    "{\"message\":\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 \xE2\x82\xAC\",\"\xC3\xA9\":\"\x7F\"}",
    "{}"};

}  // namespace

TEST_CASE("the usual kinds of message are read quickly") {
  for (const std::string& text : kTexts) CHECK(reads_like_the_library(text));
}

TEST_CASE("what is unusual or wrong is left to the library") {
  using namespace std::string_literals;
  for (const std::string& text :
       {R"({"a":"\u00e9"})"s,
        R"({"a":"\/"})"s,
        R"({"\n":1})"s,
        R"({"a":1e5})"s,
        R"({"a":01})"s,
        R"({"a":1.})"s,
        R"({"a":-})"s,
        R"({"a":1234567890123456})"s,
        "{\"a\":\"\x80\"}"s,
        "{\"a\":\"\n\"}"s,
        R"({"a":1,})"s,
        R"({"a":tru})"s,
        R"({"a":[1,]})"s,
        R"({"a":[1}})"s,
        R"({"a":1}{})"s,
        R"({"a":"open)"s,
        R"({"a":"\)"s,
        R"({"a" 1})"s,
        "[]"s,
        "1"s,
        ""s,
        "{"s,
        "{}\0"s,
        "{\"a\":1\0}"s,
        R"({"a":)"s + std::string(100, '[') + std::string(100, ']') + "}"}) {
    CAPTURE(text);
    CHECK_FALSE(reads_like_the_library(text));
  }
}

TEST_CASE("whatever is made of a message, it is never read otherwise than by the library") {
  constexpr std::string_view kAlphabet =
      "{}[]\",:\\/untfalse019.-eE \n\x01\x7F\x80\xC3\xA9\xED\xF0";
  std::mt19937 random(20261122);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  int read = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = kTexts[below(kTexts.size())];
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      const char c = kAlphabet[below(kAlphabet.size())];
      switch (below(3)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, text.size() > 1 ? 1 : 0);
      }
    }
    read += reads_like_the_library(text) ? 1 : 0;
  }
  CHECK(read > 5'000);  // else the rounds would show nothing
}
