#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "json/edit.hpp"
#include "json/values.hpp"

namespace json = vx11::json;
using Edits = std::vector<json::MemberEdit>;
using WhenAbsent = json::MemberEdit::WhenAbsent;

namespace {

std::vector<std::string> items_of(std::string_view array) {
  std::vector<std::string> found;
  json::ArrayItems items(array);
  while (const auto item = items.next()) found.emplace_back(*item);
  return found;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("an edit changes the value and no other byte") {
  const Edits edits = {{"model", R"("m2")"}};
  CHECK(json::with_members(R"({"model":"m1","n":1.50})", edits) == R"({"model":"m2","n":1.50})");
  CHECK(json::with_members(
            "{ \"a\" : [1, {\"model\":0}] ,\n \"model\" : {\"x\": 1}\t, \"z\":1e400 } ", edits) ==
        "{ \"a\" : [1, {\"model\":0}] ,\n \"model\" : \"m2\"\t, \"z\":1e400 }");
}

TEST_CASE("every member of the name is changed, however the name is written") {
  const Edits edits = {{"model", "1"}};
  CHECK(json::with_members(R"({"model":"a","\u006dodel":"b","mode":"c"})", edits) ==
        R"({"model":1,"\u006dodel":1,"mode":"c"})");
}

TEST_CASE("a member that is absent is added at the end, or skipped") {
  const Edits edits = {{"stream", "true"}, {"options", "null", WhenAbsent::skip}};
  CHECK(json::with_members(R"({"a":1})", edits) == R"({"a":1,"stream":true})");
  CHECK(json::with_members("{}", edits) == R"({"stream":true})");
  CHECK(json::with_members(R"({"options":{"u":1}})", edits) == R"({"options":null,"stream":true})");
}

TEST_CASE("a byte order mark and space around the object are left out") {
  CHECK(json::with_members("\xEF\xBB\xBF {\"a\":1}\n", Edits{}) == R"({"a":1})");
}

TEST_CASE(
    "a text that is no object is refused by an edit that validates, and left as it is by others") {
  const Edits edits = {{"model", "1"}};
  for (const std::string_view text : {"", "[]", "{", R"({"a":})", R"({"model":2} x)", "no"}) {
    CAPTURE(text);
    CHECK_FALSE(json::edited(text, edits));
    CHECK(json::with_members(text, edits) == text);
  }
  CHECK(json::edited(R"({"model":2})", edits) == R"({"model":1})");
}

TEST_CASE("the first element of an array is found without its end") {
  CHECK(json::ArrayItems("[ ]").rest().empty());
  CHECK(json::ArrayItems("{}").rest().empty());
  json::ObjectItems members(json::ArrayItems(R"([ {"a":[1],"b":"]"}, {"c":3}])").rest());
  CHECK(members.next()->value == "[1]");
  CHECK(members.next()->value == R"("]")");
  CHECK_FALSE(members.next());
}

TEST_CASE("the elements of an array are returned as their JSON text") {
  CHECK(items_of("[]").empty());
  CHECK(items_of("{}").empty());
  CHECK(items_of("").empty());
  CHECK(items_of(R"([ 1 , "a,]\"b" ,{"c":[2,3]}, [[]] ])") ==
        Strings{"1", R"("a,]\"b")", R"({"c":[2,3]})", "[[]]"});
}

TEST_CASE("a natural number is read; other numbers are not") {
  CHECK(json::natural("42") == 42U);
  for (const char* other : {"", "-1", "1.5", "1e3", "99999999999999999999"}) {
    CAPTURE(other);
    CHECK_FALSE(json::natural(other).has_value());
  }
}
