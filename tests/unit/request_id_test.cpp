// X-Request-Id and X-Correlation-Id: taken over, made, answered and passed to upstreams.

#include <vx11/chat_completions_api.hpp>

#include <set>
#include <string>

#include "completions_site.hpp"
#include "operator_site.hpp"

namespace {

using operator_site::kToken;
using vx11::HttpRequest;
using vx11::HttpResponse;

std::string id_of(const HttpResponse& answer) {
  CHECK(answer.headers.count("X-Request-Id") == 1);
  return std::string(answer.headers.get("X-Request-Id"));
}

bool is_made(const std::string& id) {
  return id.starts_with("req_") && id.size() == 40;
}

}  // namespace

TEST_CASE("every answer of the operator API has an id, refusals included") {
  operator_site::Site site;
  site.to_switch->then_json(R"({"response":"hi"})");
  std::set<std::string> ids;
  for (const char* target : {"/operator/status", "/livez", "/metrics", "/nothing"}) {
    ids.insert(id_of(site.get(target)));
  }
  ids.insert(id_of(site.chat(R"({"message":"hello"})")));
  ids.insert(id_of(site.chat("no JSON")));
  ids.insert(id_of(site.send(HttpRequest("GET", {}, "/operator/status"))));
  ids.insert(id_of(site.send(operator_site::Site::authorised("DELETE", "/operator/status"))));
  CHECK(ids.size() == 8);
  for (const std::string& id : ids) CHECK_MESSAGE(is_made(id), id);
}

TEST_CASE("a well-formed id is taken over, and answered and passed to the upstream") {
  for (const std::string name : {"X-Request-Id", "X-Correlation-Id"}) {
    operator_site::Site site;
    site.to_switch->then_json(R"({"response":"hi"})");
    HttpRequest request =
        operator_site::Site::with_body("POST", "/operator/chat/ask", R"({"message":"hello"})");
    request.headers.add(name, "trace:a/B-7_~.+=@9");
    CHECK(id_of(site.send(request)) == "trace:a/B-7_~.+=@9");
    const auto sent = site.to_switch->requests();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].headers.count("X-Request-Id") == 1);
    CHECK(sent[0].headers.get("X-Request-Id") == "trace:a/B-7_~.+=@9");
  }
}

TEST_CASE("a made id is passed to the upstream, too, and to every target that is asked") {
  operator_site::Site site;
  site.to_switch->then_fail(vx11::Errc::unreachable);
  site.to_madre->then_json(R"({"response":"hi"})");
  const std::string id = id_of(site.chat(R"({"message":"hello"})"));
  CHECK(is_made(id));
  CHECK(site.to_switch->requests().at(0).headers.get("X-Request-Id") == id);
  CHECK(site.to_madre->requests().at(0).headers.get("X-Request-Id") == id);
}

TEST_CASE("X-Request-Id comes before X-Correlation-Id") {
  operator_site::Site site;
  HttpRequest request("GET", {}, "/livez");
  request.headers.add("X-Correlation-Id", "second");
  request.headers.add("X-Request-Id", "first");
  CHECK(id_of(site.send(request)) == "first");
}

TEST_CASE("a malformed or repeated id is replaced") {
  operator_site::Site site;
  const std::string longest(128, 'a');
  HttpRequest good("GET", {}, "/livez");
  good.headers.add("X-Request-Id", longest);
  CHECK(id_of(site.send(good)) == longest);
  for (const std::string& bad :
       {std::string(), longest + 'a', std::string("a b"), std::string("a\"b"), std::string("a\\b"),
        std::string("<script>"), std::string("a,b"), std::string("\xC3\xA4"),
        std::string("${x}")}) {
    HttpRequest request("GET", {}, "/livez");
    request.headers.add("X-Request-Id", bad);
    const std::string id = id_of(site.send(request));
    CHECK_MESSAGE(is_made(id), bad);
  }
  HttpRequest twice("GET", {}, "/livez");
  twice.headers.add("X-Request-Id", "one");
  twice.headers.add("X-Request-Id", "two");
  CHECK(is_made(id_of(site.send(twice))));
}

TEST_CASE("the completions API passes the id to its upstream") {
  completions_site::Site site;
  site.to_local->then_json(R"({"choices":[{"message":{"role":"assistant","content":"hi"}}]})");
  HttpRequest request =
      completions_site::Site::request("POST", completions_site::kPath,
                                      completions_site::Site::chat("", completions_site::kToLocal));
  request.headers.add("X-Request-Id", "mine-1");
  CHECK(id_of(site.send(request)) == "mine-1");
  CHECK(site.to_local->requests().at(0).headers.get("X-Request-Id") == "mine-1");
}

TEST_CASE("a header of the target replaces the id") {
  operator_site::Site site;
  site.router.targets.at(0).headers.add("X-Request-Id", "configured");
  site.to_switch->then_json(R"({"response":"hi"})");
  site.chat(R"({"message":"hello"})");
  CHECK(site.to_switch->requests().at(0).headers.count("X-Request-Id") == 1);
  CHECK(site.to_switch->requests().at(0).headers.get("X-Request-Id") == "configured");
}
