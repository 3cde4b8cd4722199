// Pages of other origins, balancers' checks, and the same resource under other spellings.

#include <string>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

const std::string kPage = "https://console.example";

struct Cors : Site {
  Cors() { options.cors_origins = {kPage, "http://127.0.0.1:5173"}; }

  static HttpRequest from(const std::string& origin, HttpRequest request) {
    request.headers.add("Origin", origin);
    return request;
  }
  static HttpRequest preflight(const std::string& origin, const std::string& target) {
    HttpRequest request = from(origin, HttpRequest("OPTIONS", {}, target));
    request.headers.add("Access-Control-Request-Method", "POST");
    request.headers.add("Access-Control-Request-Headers", "content-type,x-vx11-token");
    return request;
  }
};

bool has_word(std::string_view list, std::string_view word) {
  return (", " + std::string(list) + ",").find(", " + std::string(word) + ",") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Cors, "a preflight request of a configured origin needs no token") {
  for (const std::string target : {"/operator/chat/ask", "/operator/status", "/operator/task"}) {
    CAPTURE(target);
    const HttpResponse answer = send(preflight(kPage, target));
    CHECK(answer.status == 204);
    CHECK(answer.headers.get("Access-Control-Allow-Origin") == kPage);
    CHECK(has_word(answer.headers.get("Access-Control-Allow-Methods"), "POST"));
    CHECK(has_word(answer.headers.get("Access-Control-Allow-Methods"), "GET"));
    CHECK(has_word(answer.headers.get("Access-Control-Allow-Methods"), "DELETE"));
    for (const char* field :
         {"Content-Type", "X-VX11-Token", "Authorization", "X-Stainless-Retry-Count",
          "X-Stainless-Package-Version", "OpenAI-Beta", "User-Agent"}) {
      CHECK(has_word(answer.headers.get("Access-Control-Allow-Headers"), field));
    }
    CHECK(answer.headers.get("Access-Control-Max-Age") == "600");
    CHECK(answer.headers.get("Vary") == "Origin");
  }
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Cors, "a preflight request of another origin is refused") {
  for (const std::string origin : {"https://evil.example", "https://console.example.evil", "null",
                                   "http://console.example", "https://console.example:8443"}) {
    CAPTURE(origin);
    const HttpResponse answer = send(preflight(origin, "/operator/status"));
    CHECK(answer.status == 403);
    CHECK_FALSE(answer.headers.contains("Access-Control-Allow-Origin"));
    CHECK(answer.headers.get("Vary") == "Origin");
  }
}

TEST_CASE_FIXTURE(Cors, "answers and refusals may be read by a page of a configured origin alone") {
  const HttpRequest asked = authorised("GET", "/operator/status");
  const HttpResponse answer = send(from(kPage, asked));
  CHECK(answer.status == 200);
  CHECK(answer.headers.get("Access-Control-Allow-Origin") == kPage);
  for (const char* const field : {"Retry-After", "X-Request-Id", "X-Vx11-Source"}) {
    CHECK(has_word(answer.headers.get("Access-Control-Expose-Headers"), field));
  }
  CHECK(answer.headers.get("Vary") == "Origin");
  CHECK(answer.headers.get("Access-Control-Allow-Credentials") == "true");

  const HttpResponse refused = send(from(kPage, HttpRequest("GET", {}, "/operator/status")));
  CHECK(refused.status == 401);
  CHECK(refused.headers.get("Access-Control-Allow-Origin") == kPage);

  const HttpResponse foreign = send(from("https://evil.example", asked));
  CHECK_FALSE(foreign.headers.contains("Access-Control-Allow-Origin"));
  CHECK(foreign.headers.get("Vary") == "Origin");
  CHECK(send(asked).headers.get("Vary") == "Origin");
}

TEST_CASE_FIXTURE(Cors,
                  "credentials of the browser are for origins that are named, not for every") {
  CHECK(
      send(preflight(kPage, "/operator/status")).headers.get("Access-Control-Allow-Credentials") ==
      "true");
  Site all;
  all.options.cors_origins = {"*"};
  const HttpResponse answer = all.send(from(kPage, authorised("GET", "/operator/status")));
  CHECK(answer.headers.get("Access-Control-Allow-Origin") == kPage);
  CHECK_FALSE(answer.headers.contains("Access-Control-Allow-Credentials"));
  const HttpResponse star = all.send(from("*", authorised("GET", "/operator/status")));
  CHECK_FALSE(star.headers.contains("Access-Control-Allow-Credentials"));
}

TEST_CASE_FIXTURE(Cors, "a page of a configured origin may read the events of a chat") {
  HttpRequest request = with_body("POST", "/operator/chat/ask", R"({"message":"m"})");
  request.headers.add("Accept", "text/event-stream");
  to_switch->then_json(R"({"response":"x"})");
  const auto opened = vx11::sync_wait(api().open(request));
  CHECK(opened.head.headers.get("Vary") == "Origin");
}

TEST_CASE_FIXTURE(Site, "without configured origins there is no CORS") {
  const HttpResponse answer = send(Cors::preflight(kPage, "/operator/status"));
  CHECK(answer.status == 401);
  CHECK_FALSE(answer.headers.contains("Vary"));
  CHECK_FALSE(send(Cors::from(kPage, authorised("GET", "/operator/status")))
                  .headers.contains("Access-Control-Allow-Origin"));
}

TEST_CASE_FIXTURE(Site, "the server as a whole and its root answer balancers' checks") {
  for (const std::string target : {"/", "*"}) {
    CAPTURE(target);
    const HttpResponse answer = send(HttpRequest("OPTIONS", {}, target));
    CHECK(answer.status == 204);
    CHECK(answer.headers.get("Allow") == "GET, HEAD, OPTIONS");
  }
  CHECK(send(HttpRequest("GET", {}, "/")).status == 200);
  const HttpResponse head = send(HttpRequest("HEAD", {}, "/"));
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "a slash at the end is the same resource") {
  to_power->then_json(kSoloMadre);
  to_switch->then_json(R"({"response":"x"})");
  for (const std::string target : {"/operator/status/", "/operator/power/state/", "/health/",
                                   "/livez/", "/vx11/status/?x=1"}) {
    CAPTURE(target);
    CHECK(get(target).status == 200);
  }
  CHECK(post("/operator/chat/", R"({"message":"m","session_id":"s"})").status == 200);
  CHECK(body_of(get("/operator/session/s/")).at("session_id") == "s");
  CHECK(get("/operator/status//").status == 404);
  CHECK(get("//").status == 404);
}
