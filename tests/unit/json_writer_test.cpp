#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "json/writer.hpp"

namespace json = vx11::json;

namespace {

std::string text_of(json::Writer&& writer) {
  return std::move(writer).take();
}

}  // namespace

TEST_CASE("commas stand between values and nowhere else") {
  json::Writer json;
  json.open('{').key("a").open('[').close(']').key("b").open('[').integer(1).string("x");
  json.open('{').close('}').open('{').key("c").boolean(true).key("d").raw("null").close('}');
  json.close(']').key("e").open('{').members_of("{}").key("f").integer(-2).close('}');
  json.key("g").open('{').members_of(R"({"h":1})").key("i").integer(3).close('}').close('}');
  CHECK(text_of(std::move(json)) ==
        R"({"a":[],"b":[1,"x",{},{"c":true,"d":null}],"e":{"f":-2},"g":{"h":1,"i":3}})");
}

TEST_CASE("whatever room was asked for, what is written is whole") {
  for (std::size_t expected = 0; expected < 64; ++expected) {
    json::Writer json(expected);
    json.open('{').key("name").string("a longer text \" with a quote").key("n");
    json.integer(std::numeric_limits<std::int64_t>::min()).key(std::string("k\n")).open('[');
    for (int i = 0; i < 9; ++i) json.milliseconds(std::chrono::microseconds(1005));
    json.close(']').close('}');
    CHECK(text_of(std::move(json)) ==
          R"({"name":"a longer text \" with a quote","n":-9223372036854775808,"k\n":[)"
          "1.005,1.005,1.005,1.005,1.005,1.005,1.005,1.005,1.005]}");
  }
}

TEST_CASE("milliseconds have three decimals") {
  json::Writer json;
  json.open('[').milliseconds({}).milliseconds(std::chrono::nanoseconds(1'999));
  json.milliseconds(std::chrono::seconds(2)).close(']');
  CHECK(text_of(std::move(json)) == "[0.000,0.001,2000.000]");
}
