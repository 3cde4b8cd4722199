#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "json_oracle.hpp"

using json_oracle::kWanted;
using json_oracle::Names;
using std::string_view_literals::operator""sv;

namespace {

const std::vector<std::string> kTexts = {
    R"({"message":"How are you today?","session_id":"s-1","metadata":{"client":"x","n":[1,2.5]}})",
    R"({"response":"switch heard: How are you today?","model":"general-7b","latency_ms":0})",
    R"({"response":"madre heard","mode":"chat","queue_id":null,"usage":{"tokens":[12,-34e-2]}})",
    R"({"policy":"operative_core","active_windows":[{"window_id":"w","ttl_seconds":300,)"
    R"("services":["switch"]}],"running_services":["madre","redis"]})",
    R"({"policy":"windowed","window_id":"w","deadline":"2025-12-28T12:05:00.123456",)"
    R"("ttl_remaining_sec":287.123456,"active_services":["madre"]})",
    R"({"client":"operator-ui","history":"user: hello\nassistant: \"hi\"\n\u00fc\u20AC\/"})",
    R"({"delta":"How are ","index":17})",
    R"( { "message" : "a \"quoted\"\n\tline\\" , "n" : -0.25 , "deep":[[{"a":[{}]}],null,true] } )",
    R"({"n":1,"n":"two","x":{},"x":[],"":"","metadata":null,"b":false})",
    R"({"mess\u0061ge":"\ud83d\ude00 \u0000\u001F","k\u0022":[ "\u00e9\/\b\f" , "\uD834\uDD1E" ]})",
    R"({"n":18446744073709551616,"big":[1e308,-1.7E+308,1e-999,123456789012345678901.5e+3]})",
    "{\"message\":\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 \xE2\x82\xAC\",\"\xC3\xA9\":\"\x7F\"}",
    "\xEF\xBB\xBF{\"a\":1}",
    R"([{"a":1},"b"])",
    "{}"};

/// Changes one thing in `text`.
class Mutator {
 public:
  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < text.size()) text[at] = kAlphabet[below(kAlphabet.size())];
        break;
      case 1:
        text.insert(at, 1, kAlphabet[below(kAlphabet.size())]);
        break;
      case 2:
        text.erase(at, 1 + below(3));
        break;
      case 3:
        text.insert(at, text, below(text.size() + 1), below(12));
        break;
      default:
        text.insert(at, kPieces[below(kPieces.size())]);
    }
  }
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

 private:
  static constexpr std::string_view kAlphabet =
      "{}[]\",:\\/untfalse0123489.-+eEdDcC \n\x01\x7F\x80\xBF\xC3\xA9\xED\xEF\xF0\0"sv;
  inline static const std::vector<std::string> kPieces = {
      "\\u",  "\\ud83d", "\\ude00", "\\u0041", "\\/",      "\\n",  "e999", "e-5",      "null",
      "true", "{}",      "[]",      "\"n\":",  ",\"n\":1", "\"\"", "0",    "\xE2\x82", "  "};
  std::mt19937 random_{20261122};
};

}  // namespace

TEST_CASE("every message is read as nlohmann reads it") {
  for (const std::string& text : kTexts) {
    CAPTURE(text);
    CHECK(json_oracle::disagreement(text, kWanted) == "");
    CHECK(json_oracle::disagreement(text, {}) == "");
    for (std::size_t size = 0; size < text.size(); ++size) {
      CHECK(json_oracle::disagreement(text.substr(0, size), kWanted) == "");
    }
  }
}

TEST_CASE("every mutant of a message is accepted or refused as by nlohmann, and read alike") {
  Mutator mutator;
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = kTexts[mutator.below(kTexts.size())];
    for (std::size_t changes = 1 + mutator.below(3); changes > 0; --changes) mutator.change(text);
    const Names wanted = round % 4 == 0 ? Names() : Names(kWanted);
    CAPTURE(text);
    REQUIRE(json_oracle::disagreement(text, wanted) == "");
    accepted += vx11::json::scan_object(text, wanted) ? 1 : 0;
  }
  CHECK(accepted > 5'000);  // otherwise the rounds prove nothing
  CHECK(accepted < 55'000);
}

TEST_CASE("every escape of four digits is read as nlohmann reads it, alone and before another") {
  for (int unit = 0; unit < 0x10000; unit += unit < 0x100 ? 1 : 0x3D) {
    constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
    std::string escape = "\\u";
    for (const int shift : {12, 8, 4, 0})
      escape += kDigits[static_cast<std::size_t>(unit >> shift & 0xF)];
    for (const std::string_view behind : {"", "\\udc00", "\\ud800", "\\n"}) {
      const std::string text = R"({"message":")" + escape + std::string(behind) + R"(","x":")" +
                               escape + std::string(behind) + "\"}";
      CAPTURE(text);
      REQUIRE(json_oracle::disagreement(text, kWanted) == "");
    }
  }
}

TEST_CASE("numbers at the edge of what a double holds are read and passed on") {
  const std::string zeros(400, '0');
  for (const std::string& number : {std::string("1.7976931348623157e308"),
                                    std::string("1.7976931348623159e308"),
                                    std::string("-1e309"),
                                    std::string("1e-400"),
                                    std::string("4.9e-324"),
                                    std::string("1e99999999999999999999"),
                                    std::string("10e9223372036854775807"),
                                    std::string("0.01e-9223372036854775808"),
                                    std::string("1e-99999999999999999999"),
                                    std::string("0e99999999999999999999"),
                                    "1" + zeros,
                                    "1" + zeros + "e-300",
                                    "0." + zeros + "1",
                                    "0." + zeros + "1e500",
                                    "0." + zeros + "1e900",
                                    "1" + zeros + "e-900",
                                    "1" + zeros + ".5e-99",
                                    "0" + zeros,
                                    std::string("-0.0E+9"),
                                    std::string(308, '9'),
                                    std::string(309, '9'),
                                    std::string(310, '9'),
                                    zeros.substr(0, 1) + "." + zeros}) {
    CAPTURE(number);
    CHECK(json_oracle::disagreement("{\"n\":" + number + "}", kWanted) == "");
    CHECK(json_oracle::disagreement("{\"m\":" + number + "}", kWanted) == "");
  }
}
