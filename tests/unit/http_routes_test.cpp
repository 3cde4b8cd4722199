#include <vx11/http_routes.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "operator_site.hpp"

using operator_site::json;
using operator_site::Site;
using vx11::Errc;
using vx11::HttpHandler;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::HttpRoutes;
using vx11::RoutedRequest;
using vx11::StreamedResponse;
using vx11::Task;

namespace {

HttpResponse text(std::string body) {
  return HttpResponse(200, "text/plain", std::move(body));
}

/// A function that answers with that text.
auto says(std::string body) {
  return [body = std::move(body)](const HttpRequest&) { return text(body); };
}

StreamedResponse answer_of(const HttpRoutes& routes, const HttpRequest& request) {
  const std::shared_ptr<HttpHandler> handler = routes.build().value();
  auto admission = handler->admit(request);
  if (!admission) return StreamedResponse(std::move(admission.error()), nullptr);
  return vx11::sync_wait(handler->open(request, *admission, {}));
}

HttpResponse answer_of(const HttpRoutes& routes, const std::string& method,
                       const std::string& target) {
  return answer_of(routes, HttpRequest(method, {}, target)).head;
}

/// Answers as the handler it wraps, and adds its letter to the body.
class Adds final : public HttpHandler {
 public:
  Adds(char letter, std::shared_ptr<HttpHandler> inner)
      : letter_(letter), inner_(std::move(inner)) {}

  tl::expected<vx11::HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    return inner_->admit(head).map([&](const auto& inner) { return inner.within(*this); });
  }
  Task<StreamedResponse> open(const HttpRequest& request, const vx11::HttpAdmission& admission,
                              vx11::Deadline deadline) const override {
    Task<StreamedResponse> answering = inner_->open(request, admission, deadline);
    StreamedResponse answer = co_await std::move(answering);
    answer.head.body += letter_;
    co_return std::move(answer);
  }

 private:
  char letter_;
  std::shared_ptr<HttpHandler> inner_;
};

std::string mistakes_of(const HttpRoutes& routes) {
  const auto built = routes.build();
  if (built) return {};
  CHECK(built.error().code == Errc::invalid_argument);
  return built.error().detail;
}

}  // namespace

TEST_CASE("a route's function answers its path, whatever the query") {
  HttpRoutes routes;
  routes.get("/hello", says("hello"));
  CHECK(answer_of(routes, "GET", "/hello").body == "hello");
  CHECK(answer_of(routes, "GET", "/hello?a=/b").body == "hello");
  for (const char* target : {"/", "/hello/", "/hello/x", "/hell", "/Hello"}) {
    CAPTURE(target);
    const HttpResponse response = answer_of(routes, "GET", target);
    CHECK(response.status == 404);
    CHECK(response.body == R"({"error":"not_found","status_code":404})");
  }
}

TEST_CASE("functions answer with a response, a stream, or a task of either") {
  HttpRoutes routes;
  routes.get("/plain", [](const RoutedRequest&) { return text("plain"); })
      .get("/stream", [](const HttpRequest&) { return StreamedResponse(text("stream"), nullptr); })
      .get("/task", [](const RoutedRequest&) -> Task<HttpResponse> { co_return text("task"); })
      .get("/both", [](const HttpRequest&) -> Task<StreamedResponse> {
        co_return StreamedResponse(text("both"), nullptr);
      });
  for (const std::string name : {"plain", "stream", "task", "both"}) {
    CHECK(answer_of(routes, "GET", "/" + name).body == name);
  }
}

TEST_CASE("names in a pattern are arguments, decoded") {
  HttpRoutes routes;
  routes.post("/users/{user}/files/{name}", [](const RoutedRequest& call) {
    return text(call.path_argument("user") + ":" + call.path_argument("name") +
                call.path_argument("none"));
  });
  CHECK(answer_of(routes, "POST", "/users/ann/files/a%20b%2fc?x=1").body == "ann:a b/c");
  CHECK(answer_of(routes, "POST", "/users//files/a").status == 404);
  CHECK(answer_of(routes, "POST", "/users/ann/files/a/b").status == 404);
  CHECK(answer_of(routes, "POST", "/users/ann/files/%4").status == 400);
}

TEST_CASE("the earliest literal segment wins, whatever the order of the routes") {
  HttpRoutes routes;
  routes.get("/a/{x}/{y}", says("1")).get("/a/{x}/c", says("2")).get("/a/b/{y}", says("3"));
  routes.post("/a/{x}/{y}", says("post"));
  CHECK(answer_of(routes, "GET", "/a/b/c").body == "3");
  CHECK(answer_of(routes, "GET", "/a/x/c").body == "2");
  CHECK(answer_of(routes, "GET", "/a/x/y").body == "1");
  CHECK(answer_of(routes, "POST", "/a/b/c").body == "post");
}

TEST_CASE("a method without a route is 405 and OPTIONS 204, both with Allow") {
  HttpRoutes routes;
  routes.get("/x", says("get")).post("/x", says("post")).del("/y/{id}", says("gone"));
  const HttpResponse refused = answer_of(routes, "PUT", "/x");
  CHECK(refused.status == 405);
  CHECK(refused.headers.get("Allow") == "GET, HEAD, POST, OPTIONS");
  const HttpResponse options = answer_of(routes, "OPTIONS", "/y/1");
  CHECK(options.status == 204);
  CHECK(options.headers.get("Allow") == "DELETE, OPTIONS");
}

TEST_CASE("HEAD is answered by the route for GET, unless it has one of its own") {
  HttpRoutes routes;
  routes.get("/x", says("get")).get("/y", says("get")).on("HEAD", "/y", says("head"));
  CHECK(answer_of(routes, "HEAD", "/x").body == "get");
  CHECK(answer_of(routes, "HEAD", "/y").body == "head");
  CHECK(answer_of(routes, "GET", "/y").body == "get");
}

TEST_CASE("a route decides on the head and on the size of the body before it is read") {
  HttpRoutes routes;
  const auto wants_key = [](const HttpRequest& head) -> std::optional<HttpResponse> {
    if (head.headers.contains("x-key")) return std::nullopt;
    return HttpResponse(401);
  };
  routes.post("/x", says("in"), {.max_body_bytes = 7, .admit = wants_key});
  const auto handler = routes.build().value();
  HttpRequest request("POST", {}, "/x");
  CHECK(handler->admit(request).error().status == 401);
  request.headers.add("X-Key", "1");
  CHECK(handler->admit(request)->max_body_bytes() == 7);
}

TEST_CASE_FIXTURE(Site, "a mounted API answers what no route does, the longest prefix first") {
  HttpRoutes inner;
  inner.get("/own/x/y", says("inner"));
  HttpRoutes routes;
  routes.get("/livez", says("mine")).mount("/", api()).mount("/own/", inner.build().value());
  CHECK(answer_of(routes, "GET", "/livez").body == "mine");
  CHECK(answer_of(routes, "GET", "/own/x/y").body == "inner");
  CHECK(answer_of(routes, "GET", "/own").status == 404);
  CHECK(answer_of(routes, "GET", "/operator/status").status == 401);
  CHECK(answer_of(routes, authorised("GET", "/operator/status")).head.status == 200);
  const std::shared_ptr<HttpHandler> handler = routes.build().value();
  handler->drain();
  CHECK(get("/readyz").status == 503);
}

TEST_CASE("handlers wrap each other, around routes and below them") {
  HttpRoutes deepest;
  deepest.get("/a/b/deep", says("deep:"));
  HttpRoutes inner;
  inner.mount("/a/b", std::make_shared<Adds>('1', deepest.build().value()));
  inner.get("/a/here", says("here:"));
  HttpRoutes outer;
  outer.mount("/a", std::make_shared<Adds>('2', inner.build().value()));
  const Adds all('3', outer.build().value());
  for (const auto& [target, body] : {std::pair("/a/b/deep", "deep:123"), {"/a/here", "here:23"}}) {
    const HttpRequest request("GET", {}, target);
    const auto admission = all.admit(request);
    REQUIRE(admission.has_value());
    CHECK(&admission->handler() == &all);
    const HttpHandler& answers = admission->handler();
    CHECK(vx11::sync_wait(answers.open(request, *admission, {})).head.body == body);
  }
  CHECK(all.admit(HttpRequest("GET", {}, "/a/b/none")).error().status == 404);
}

TEST_CASE("an answer that cannot be sent is 500") {
  HttpRoutes routes;
  routes.get("/interim", [](const HttpRequest&) { return HttpResponse(101); });
  routes.get("/split", [](const HttpRequest&) {
    HttpResponse response(200);
    response.headers.add("X-Echo", "a\r\nSet-Cookie: b");
    return response;
  });
  CHECK(answer_of(routes, "GET", "/interim").status == 500);
  CHECK(answer_of(routes, "GET", "/split").status == 500);
}

TEST_CASE("every mistake of a description is named") {
  CHECK(mistakes_of(HttpRoutes()).empty());
  for (const char* pattern : {"", "x", "/x?y", "/a b", "/\xc3\xa4", "/{", "/x{id}", "/{id}x", "/{}",
                              "/{a-b}", "/}", "/{a}/{a}"}) {
    CAPTURE(pattern);
    HttpRoutes routes;
    routes.get(pattern, says("x"));
    CHECK(mistakes_of(routes).find(pattern) != std::string::npos);
  }
  HttpRoutes routes;
  routes.get("/x/{id}", says("1")).get("/x/{name}", says("2")).post("/x/{id}", says("3"));
  routes.on("get", "/y", says("4"));
  routes.mount("api", routes.build().value_or(nullptr)).mount("/", nullptr).mount("/a", nullptr);
  routes.mount("/a/", nullptr);
  const std::string mistakes = mistakes_of(routes);
  for (const char* mistake :
       {"route GET \"/x/{name}\": another route", "route get \"/y\": the method",
        "mount \"api\": the prefix must begin", "mount \"/\": the handler is null",
        "mount \"/a/\": another handler"}) {
    CAPTURE(mistakes);
    CHECK(mistakes.find(mistake) != std::string::npos);
  }
  CHECK(mistakes.find("POST") == std::string::npos);
}
