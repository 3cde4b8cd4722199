#include <clocale>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "json/scan.hpp"
#include "json/sole_string.hpp"
#include "json/strings.hpp"
#include "json/text.hpp"
#include "json/writer.hpp"

namespace json = vx11::json;
using json::Kind;
using Document = nlohmann::json;

namespace {

auto scan(std::string_view text, const std::vector<std::string_view>& wanted = {}) {
  return json::split_object(text, wanted);
}

/// The text of all members, as it was read and written again.
std::string rewritten(std::string_view text) {
  auto scanned = scan(text);
  return scanned ? scanned->rest : scanned.error().detail;
}

std::string refusal(std::string_view text) {
  const auto scanned = scan(text);
  if (scanned) return "accepted";
  CHECK(scanned.error().code == vx11::Errc::invalid_reply);
  return scanned.error().detail;
}

std::string nested(int levels) {
  return R"({"a":)" + std::string(static_cast<std::size_t>(levels - 1), '[') +
         std::string(static_cast<std::size_t>(levels - 1), ']') + "}";
}

}  // namespace

TEST_CASE("a wanted string is decoded, wanted members of other kinds keep their JSON text") {
  const auto scanned = scan(R"({"s":"a\u00e9\n","n":12.50,"b":true,"z":null,"o":{"k":[1, 2]},)"
                            R"("l":[ {"x":"y"} ,[]]})",
                            {"s", "n", "b", "z", "o", "l", "missing"});
  REQUIRE(scanned);
  const auto& members = scanned->found.members;
  CHECK(members[0].kind == Kind::string);
  CHECK(members[0].text == "a\xC3\xA9\n");
  CHECK(members[1].kind == Kind::number);
  CHECK(members[1].text == "12.50");
  CHECK(members[2].kind == Kind::boolean);
  CHECK(members[2].text == "true");
  CHECK(members[3].kind == Kind::null);
  CHECK(members[3].text == "null");
  CHECK(members[4].kind == Kind::object);
  CHECK(members[4].text == R"({"k":[1,2]})");
  CHECK(members[5].kind == Kind::array);
  CHECK(members[5].text == R"([{"x":"y"},[]])");
  CHECK(members[6].kind == Kind::absent);
  CHECK(members[6].text.empty());
  CHECK(scanned->rest == "{}");
}

TEST_CASE("what was not wanted comes back as one object, nested members of wanted names included") {
  const auto scanned =
      scan(R"({ "a" : 1 , "want":"w", "b":{"want":"inner","c":[true,false,null,{}]}, "d":[] })",
           {"want"});
  REQUIRE(scanned);
  CHECK(scanned->found.members[0].text == "w");
  CHECK(scanned->rest == R"({"a":1,"b":{"want":"inner","c":[true,false,null,{}]},"d":[]})");
}

TEST_CASE("an empty object has no members and no rest") {
  const auto scanned = scan(" {} ", {"a"});
  REQUIRE(scanned);
  CHECK(scanned->found.members[0].kind == Kind::absent);
  CHECK(scanned->rest == "{}");
}

TEST_CASE("of duplicate wanted members the last wins, whatever the kinds") {
  const auto once = scan(R"({"a":"first","a":"last"})", {"a"});
  CHECK(once->found.members[0].text == "last");
  const auto number = scan(R"({"a":"first","x":0,"a":[1]})", {"a"});
  CHECK(number->found.members[0].kind == Kind::array);
  CHECK(number->found.members[0].text == "[1]");
  const auto string = scan(R"({"a":{"b":1},"a":""})", {"a"});
  CHECK(string->found.members[0].kind == Kind::string);
  CHECK(string->found.members[0].text.empty());
}

TEST_CASE("an empty name and an empty string are a name and a string like others") {
  const auto scanned = scan(R"({"":"","b":{"":""}})", {""});
  CHECK(scanned->found.members[0].kind == Kind::string);
  CHECK(scanned->rest == R"({"b":{"":""}})");
}

TEST_CASE("numbers come back as they came") {
  for (const std::string number :
       {"0", "-0", "-1", "18446744073709551615", "-9223372036854775808", "18446744073709551616",
        "123456789012345678901234567890", "0.1", "1.10", "-2.5e-3", "1E+2", "1e5", "3.0"}) {
    CAPTURE(number);
    CHECK(rewritten("{\"n\":" + number + "}") == "{\"n\":" + number + "}");
  }
}

TEST_CASE("numbers keep their point where the process's locale writes a comma") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  bool found = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "es_ES.UTF-8"}) {
    found = found || std::setlocale(LC_NUMERIC, name) != nullptr;
  }
  const std::string seen = rewritten(R"({"n":[-1.5e+3,0.25]})");
  std::setlocale(LC_NUMERIC, before.c_str());
  if (!found) MESSAGE("no such locale on this machine: only the plain case was shown");
  CHECK(seen == R"({"n":[-1.5e+3,0.25]})");
}

TEST_CASE("a NUL written as an escape survives in values, names and wanted members") {
  using namespace std::string_literals;
  const auto scanned = scan(R"({"w":"a\u0000b","k\u0000":"c\u0000"})", {"w"});
  REQUIRE(scanned);
  CHECK(scanned->found.members[0].text == "a\0b"s);
  CHECK(scanned->rest == R"({"k\u0000":"c\u0000"})");
}

TEST_CASE("escapes are read and the necessary ones are written again") {
  CHECK(rewritten(R"({"a":"\"\\\/\b\f\n\r\t\u001f\u007f"})") ==
        "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7f\"}");
  CHECK(rewritten(R"({"\"":"\ud83d\ude00"})") == "{\"\\\"\":\"\xF0\x9F\x98\x80\"}");
}

TEST_CASE("what is no JSON is refused with the place where reading stopped") {
  CHECK(refusal("") == "not JSON, byte 0");
  CHECK(refusal("   ") == "not JSON, byte 3");
  CHECK(refusal(R"({"a":})") == "not JSON, byte 5");
  CHECK(refusal(R"({"a":1)") == "not JSON, byte 6");
  CHECK(refusal(R"({"a" 1})") == "not JSON, byte 5");
  CHECK(refusal("<html>") == "not JSON, byte 0");
}

TEST_CASE("an error gives its reason and its place as values") {
  using json::ScanErrc;
  const auto error = [](std::string_view text) { return scan(text).error(); };
  CHECK(error("[1]").reason == ScanErrc::not_object);
  CHECK(error(R"({"a":})").reason == ScanErrc::not_json);
  CHECK(error(R"({"a":})").byte == 5);
  CHECK(error(nested(json::kMaxDepth + 1)).reason == ScanErrc::too_deep);
  CHECK(error(nested(json::kMaxDepth + 1)).byte == nested(1).size() - 2 + json::kMaxDepth);
  CHECK(scan("{}", std::vector<std::string_view>(json::kMostWanted + 1)).error().reason ==
        ScanErrc::too_many_names);
}

TEST_CASE("the place of an error is the first byte that does not belong there") {
  const std::vector<std::pair<std::string, std::size_t>> cases = {{R"({"a" 123})", 5},
                                                                  {R"({"a":01})", 6},
                                                                  {R"({"a":1.})", 7},
                                                                  {R"({"a":1e})", 7},
                                                                  {R"({"a":-})", 6},
                                                                  {R"({"a":trux})", 8},
                                                                  {R"({"a":1,})", 7},
                                                                  {R"({"a":[1}})", 7},
                                                                  {R"({"a":1} x)", 8},
                                                                  {"{\"a\":\"b\n\"}", 7},
                                                                  {"{\"a\":\"b\xC3\"}", 7},
                                                                  {R"({"a":"b\x"})", 7},
                                                                  {R"({"a":"b\u12"})", 7},
                                                                  {R"({"a":"b\ud83d\u12"})", 13},
                                                                  {R"({"\u00e9":"\u00e9",})", 19},
                                                                  {R"({"a":"open)", 10}};
  for (const auto& [text, byte] : cases) {
    const auto& case_text = text;  // clang 14 captures no structured binding
    CAPTURE(case_text);
    CHECK(scan(text).error().reason == json::ScanErrc::not_json);
    CHECK(scan(text).error().byte == byte);
  }
}

TEST_CASE("a member is found by its name, with or without escapes in it") {
  const auto scanned = scan(R"({"\u0061\/\n":"first","b":"second"})", {"a/\n", "b"});
  REQUIRE(scanned);
  CHECK(scanned->found.members[0].text == "first");
  CHECK(scanned->found.members[1].text == "second");
}

TEST_CASE("a byte order mark before the object is passed over, half of one refused") {
  CHECK(rewritten("\xEF\xBB\xBF{\"a\":1}") == R"({"a":1})");
  CHECK_FALSE(scan("\xEF\xBB\xBF{}")->found.plain);
  CHECK(refusal("\xEF\xBB{}") == "not JSON, byte 0");
}

TEST_CASE("members that were not looked for come out without space and without needless escapes") {
  CHECK(rewritten(R"( { "a\/" : [ "x \" y\/" , 1 ] , "\u0062" : "\u0022\u005c\u001F\n" } )") ==
        R"({"a/":["x \" y/",1],"b":"\"\\\u001f\n"})");
}

TEST_CASE("only RFC 8259 is JSON") {
  for (const std::string_view text :
       {R"({"a":1,})",       R"({a:1})",      R"({'a':1})",      R"({"a":01})",
        R"({"a":+1})",       R"({"a":.5})",   R"({"a":1.})",     R"({"a":NaN})",
        R"({"a":Infinity})", R"({"a":0x1})",  R"({"a":tru})",    R"({"a":1}{})",
        R"({"a":1} x)",      R"({"a":"\x"})", R"({"a":"\u12"})", "{\"a\":\"\n\"}",
        "{\"a\":1 /* b */}", R"({"a":[1,]})", R"({"a":[1}})",    R"({"a":"open)"}) {
    CAPTURE(text);
    CHECK(refusal(text).starts_with("not JSON, byte "));
  }
}

TEST_CASE("numbers beyond double and lone surrogates are passed on where they are not read") {
  for (const std::string_view text : {R"({"a":1e999})", R"({"a":[-1e999,"\ud83d"]})",
                                      R"({"\ude00":"x\ud83d\n"})", R"({"a":"\ud83d\ud83d"})"}) {
    CAPTURE(text);
    CHECK(rewritten(text) == text);
  }
}

TEST_CASE("a wanted string with half of a surrogate pair says so") {
  const auto scanned = scan(R"({"a":"x\ud83d","b":"\ud83d\ude00","c":1e999})", {"a", "b", "c"});
  REQUIRE(scanned);
  CHECK(scanned->found.members[0].text == "x\xEF\xBF\xBD");
  CHECK(scanned->found.members[0].has_lone_surrogate);
  CHECK(scanned->found.members[1].text == "\xF0\x9F\x98\x80");
  CHECK_FALSE(scanned->found.members[1].has_lone_surrogate);
  CHECK(scanned->found.members[2].text == "1e999");
}

TEST_CASE("the first elements of a list are read, whatever is nested in it") {
  const auto texts = [](std::string_view array, std::size_t most) {
    std::string all;
    for (const json::Element& element : json::elements(array, most)) {
      all += element.is_string ? element.text + ";" : "-;";
    }
    return all;
  };
  CHECK(texts(R"([ "a" , "b\n\"]" ,{"c":["d"]}, [[ "," ]],1e999,null ])", 9) ==
        "a;b\n\"];-;-;-;-;");
  CHECK(texts(R"(["a","b","c"])", 2) == "a;b;");
  CHECK(texts("[]", 9) == "");
  CHECK(texts("[ ]", 9) == "");
  CHECK(texts("{}", 9) == "");
}

TEST_CASE("strings that are not UTF-8 are refused") {
  for (const std::string_view text :
       {"{\"a\":\"\x80\"}", "{\"a\":\"\xC3\"}", "{\"a\":\"\xC0\xAF\"}", "{\"a\":\"\xED\xA0\x80\"}",
        "{\"a\":\"\xF4\x90\x80\x80\"}", "{\"\xFF\":1}"}) {
    CHECK(refusal(text).starts_with("not JSON, byte "));
  }
}

TEST_CASE("nothing hides behind a NUL byte") {
  using namespace std::string_view_literals;
  CHECK(refusal("{}\0"sv) == "not JSON, byte 2");
  CHECK(refusal("{\"a\":1}\0{\"a\":2}"sv) == "not JSON, byte 7");
  CHECK(refusal("{\"a\":\"\0\"}"sv) == "not JSON, byte 6");
}

TEST_CASE("JSON of another kind is not an object") {
  for (const std::string_view text :
       {"[]", R"([{"a":1}])", "null", "true", "1", "-1.5", "\"{}\""}) {
    CAPTURE(text);
    CHECK(refusal(text) == "not an object");
  }
  CHECK(refusal("[1,2").starts_with("not JSON"));
}

TEST_CASE("nesting is bounded") {
  CHECK(rewritten(nested(json::kMaxDepth)) == nested(json::kMaxDepth));
  CHECK(refusal(nested(json::kMaxDepth + 1)) == "nested too deeply");
  CHECK(refusal(std::string(1'000'000, '[')) == "nested too deeply");
  CHECK(refusal(R"({"a":)" + nested(json::kMaxDepth) + "}") == "nested too deeply");
}

TEST_CASE("a string is written with quotes and escapes, valid UTF-8 as it is") {
  using namespace std::string_view_literals;
  CHECK(json::quoted("") == "\"\"");
  CHECK(json::quoted("a\"b\\c/\x01\x1f\x7f\b\f\n\r\t\0"sv) ==
        "\"a\\\"b\\\\c/\\u0001\\u001f\x7f\\b\\f\\n\\r\\t\\u0000\"");
  for (const std::string_view text : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(json::quoted(text) == '"' + std::string(text) + '"');
  }
}

TEST_CASE("bytes that are not UTF-8 are each written as U+FFFD") {
  const std::string mark = "\xEF\xBF\xBD";
  const std::vector<std::pair<std::string, int>> cases = {{"\x80", 1},
                                                          {"\xC0\xAF", 2},
                                                          {"\xC1\xBF", 2},
                                                          {"\xE2\x82", 2},
                                                          {"\xE0\x9F\xBF", 3},
                                                          {"\xED\xA0\x80", 3},
                                                          {"\xF0\x9F\x98", 3},
                                                          {"\xF0\x8F\xBF\xBF", 4},
                                                          {"\xF5\x80\x80\x80", 4},
                                                          {"\xF4\x90\x80\x80", 4},
                                                          {"\xFF", 1},
                                                          {"\xFE", 1}};
  for (const auto& [bytes, marks] : cases) {
    std::string wanted = "\"a";
    for (int i = 0; i < marks; ++i) wanted += mark;
    CHECK(json::quoted("a" + bytes + "b") == wanted + "b\"");
  }
  CHECK(json::quoted("\xC3\"") == "\"" + mark + "\\\"\"");
}

TEST_CASE("appending leaves what stood before") {
  std::string out = "[";
  json::append_string(out, "a");
  CHECK(out == "[\"a\"");
}

TEST_CASE("what is written can be read by another parser, for every byte") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; second += 5) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second), 'x'};
      REQUIRE(Document::accept(json::quoted(text)));
    }
  }
}

TEST_CASE("two objects are joined, the second behind the first") {
  CHECK(json::merge_objects(R"({"a":1})", R"({"b":2})") == R"({"a":1,"b":2})");
  CHECK(json::merge_objects("{}", R"({"b":2})") == R"({"b":2})");
  CHECK(json::merge_objects(R"({"a":1})", "{}") == R"({"a":1})");
  CHECK(json::merge_objects("{}", "{}") == "{}");
  CHECK(json::merge_objects(" { \"a\" : 1 }\n", "\t{ }") == R"({"a" : 1})");
  CHECK(json::merge_objects("", "") == "{}");
}

TEST_CASE("what is found are views into the text, unless it does not stand there like that") {
  const std::string text = R"({"s":"plain","o":{"k":[1,"a b"]},"e":"a\nb","d":{"k" : [1, "\" "]}})";
  const std::vector<std::string_view> wanted = {"s", "o", "e", "d"};
  const auto scanned = json::scan_object(text, wanted);
  REQUIRE(scanned);
  const auto stands_in_text = [&](std::string_view found) {
    return found.data() >= text.data() && found.data() < text.data() + text.size();
  };
  CHECK(stands_in_text(scanned->members[0].text));
  CHECK(stands_in_text(scanned->members[1].text));
  CHECK_FALSE(stands_in_text(scanned->members[2].text));
  CHECK_FALSE(stands_in_text(scanned->members[3].text));
  CHECK(scanned->members[1].text == R"({"k":[1,"a b"]})");
  CHECK(scanned->members[2].text == "a\nb");
  CHECK(scanned->members[3].text == R"({"k":[1,"\" "]})");
}

TEST_CASE("a found value may be moved, whichever reader made it") {
  for (const std::string_view text : {R"({"a":"x\n"})", R"({"a":"x\u000a"})"}) {
    auto scanned = json::scan_object(text, std::vector<std::string_view>{"a"});
    REQUIRE(scanned);
    const json::Scanned moved = *std::move(scanned);
    CHECK(moved.members[0].text == "x\n");
  }
}

TEST_CASE("a text is plain if writing it again would change nothing") {
  const auto is_plain = [](std::string_view text) { return json::scan_object(text, {})->plain; };
  CHECK(is_plain(R"({"a":[1,{"b":"c d\n"}],"e":{}})"));
  CHECK(is_plain("{}"));
  for (const std::string_view text :
       {R"({"a": 1})", R"( {"a":1})", R"({"a":1} )", R"({"a":[1 ]})", R"({"a":"\/"})"}) {
    CAPTURE(text);
    CHECK_FALSE(is_plain(text));
  }
}

TEST_CASE("no more names are looked for than there is room for") {
  const std::vector<std::string_view> names(json::kMostWanted + 1, "a");
  CHECK(json::scan_object("{}", names).error().code == vx11::Errc::invalid_argument);
  CHECK(json::split_object("{}", names).error().code == vx11::Errc::invalid_argument);
}

TEST_CASE("every length of string is written whole, with a byte to escape at every place") {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string text(length, 'x');
    CHECK(json::quoted(text) == '"' + text + '"');
    for (std::size_t at = 0; at < length; ++at) {
      std::string marked = text;
      marked[at] = '"';
      std::string wanted = '"' + marked + '"';
      wanted.insert(at + 1, 1, '\\');
      CHECK(json::quoted(marked) == wanted);
    }
  }
}

TEST_CASE("an object with one string is read as by the whole reader, or left to it") {
  for (const std::string text :
       {R"({"delta":"word"})", R"({"delta": "a longer text with more than sixteen bytes"})",
        R"({"d":""})", "{\"delta\":\"\xC3\xA9t\xC3\xA9 \xE2\x82\xAC\"}"}) {
    const auto sole = json::sole_string(text);
    REQUIRE(sole);
    const auto scanned = scan(text, {sole->name});
    REQUIRE(scanned);
    CHECK(sole->text == scanned->found.members[0].text);
    CHECK(scanned->rest == "{}");
  }
  for (const std::string text : {R"({"a":"b"} )",
                                 R"( {"a":"b"})",
                                 R"({ "a":"b"})",
                                 R"({"a" :"b"})",
                                 R"({"a":  "b"})",
                                 R"({"a":"b" })",
                                 R"({"a":"b","c":"d"})",
                                 R"({"a":1})",
                                 R"({"a":"b\nc"})",
                                 R"({"\u0061":"b"})",
                                 R"({"a":"b)",
                                 R"({"a":"b")",
                                 R"({"a":")",
                                 R"({"a":)",
                                 R"({"a)",
                                 R"({")",
                                 R"({})",
                                 "",
                                 R"(["a"])",
                                 R"({"a":"b"}})",
                                 "{\"a\":\"\xC3\"}",
                                 "{\"a\":\"\x01\"}",
                                 "{\"a\xFF\":\"b\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(json::sole_string(text));
  }
}

TEST_CASE("the object at the front of a text is read, whatever follows it") {
  constexpr std::string_view kText = R"({"a":"one","b":[1, {}]} , {"a":"two"}])";
  const std::vector<std::string_view> wanted = {"a"};
  std::size_t size = 0;
  const auto scanned = json::scan_front(kText, wanted, size);
  REQUIRE(scanned);
  CHECK(scanned->members[0].text == "one");
  CHECK(kText.substr(0, size) == R"({"a":"one","b":[1, {}]})");
  CHECK(json::scan_front("[]", wanted, size).error().reason == json::ScanErrc::not_object);
  CHECK(json::scan_front(R"({"a":)", wanted, size).error().reason == json::ScanErrc::not_json);
}

TEST_CASE("strings of every length end anywhere in a text") {
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string word(length, 'x');
      const std::string text = R"({"a":")" + word + "\"}" + std::string(after, ' ');
      const auto scanned = scan(text, {"a"});
      REQUIRE(scanned);
      CHECK(scanned->found.members[0].text == word);
      CHECK_FALSE(scan(std::string_view(text).substr(0, length + 6), {"a"}));
    }
  }
}
