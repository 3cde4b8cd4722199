#include <vx11/dialect/openai_embeddings.hpp>
#include <vx11/http_request_log.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "completions_site.hpp"
#include "handler_fakes.hpp"

using namespace completions_site;

namespace {

const std::string kEmbeddings = "/v1/embeddings";
/// Numbers and spaces as no writer of JSON would write them again.
const std::string kVectors =
    R"({ "object":"list","data":[{"object":"embedding","index":0,"embedding":[0.50,-1e-0002]}],)"
    R"("model":"m","usage":{"prompt_tokens":2,"total_tokens":2} } )";

/// `local` then `spare` have embeddings, under the names `vx11/local` and `mixed`.
struct EmbeddingsSite : Site {
  explicit EmbeddingsSite(vx11::OpenAiEmbeddingsOptions dialect = {}) {
    const auto made = vx11::openai_embeddings_dialect(std::move(dialect)).value();
    std::vector<vx11::RouterTarget> targets = {target("local", to_local),
                                               target("spare", to_spare)};
    for (vx11::RouterTarget& each : targets) each.dialect = made;
    options.embeddings[kToLocal] = router({targets[0]});
    options.embeddings["mixed"] = router(targets);
  }
  HttpResponse embed(const std::string& body, const std::string& path = kEmbeddings) {
    return send(request("POST", path, body));
  }

  std::shared_ptr<ScriptedTransport> to_spare = std::make_shared<ScriptedTransport>(clock);
};

std::string body_for(const std::string& model) {
  return R"({"input" : ["a","b"], "model":")" + model +
         R"(","encoding_format":"base64","odd":1.10 })";
}

}  // namespace

TEST_CASE("embeddings: the body and the answer are passed on byte for byte") {
  EmbeddingsSite site;
  for (const char* path : {"/v1/embeddings", "/embeddings"}) {
    site.to_local->then_json(kVectors);
    const HttpResponse answer = site.embed(body_for(kToLocal), path);
    CHECK(answer.status == 200);
    CHECK(answer.body == kVectors);
    CHECK(answer.headers.get("Content-Type") == "application/json");
    CHECK(answer.headers.get("x-vx11-source") == "local");
    CHECK_FALSE(answer.headers.contains("x-vx11-reason"));
    CHECK(answer.headers.get("x-request-id").starts_with("req_"));
  }
  const auto asked = site.to_local->requests();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].target == "/v1/embeddings");
  CHECK(asked[0].headers.get("Content-Type") == "application/json");
  CHECK(asked[0].body == body_for(kToLocal));
}

TEST_CASE("embeddings: the model of the target replaces the client's, and nothing else") {
  EmbeddingsSite site({.base_path = "/api/", .model = "nomic"});
  site.to_local->then_json(kVectors);
  CHECK(site.embed("\xEF\xBB\xBF" + body_for(kToLocal)).status == 200);
  const HttpRequest asked = site.to_local->requests().at(0);
  CHECK(asked.target == "/api/embeddings");
  CHECK(asked.body == body_for("nomic"));
}

TEST_CASE("embeddings: the next target of the route answers when the first one fails") {
  EmbeddingsSite site;
  site.to_local->then(HttpResponse(503)).then_fail(Errc::unreachable);
  site.to_local->then_json("{}").then(HttpResponse(200, "text/html", "<html>"));
  site.to_spare->then_json(kVectors);
  // The breaker counts these as it counts chats: JSON without an answer does not.
  for (const std::string reason : {"local_error", "local_unreachable", "local_invalid_reply",
                                   "local_invalid_reply", "local_circuit_open"}) {
    const HttpResponse answer = site.embed(body_for("mixed"));
    CHECK(answer.status == 200);
    CHECK(answer.body == kVectors);
    CHECK(answer.headers.get("x-vx11-source") == "spare");
    CHECK(answer.headers.get("x-vx11-reason") == reason);
  }
  CHECK(site.to_local->calls() == 4);
}

TEST_CASE("embeddings: a model without them, and one that does not exist") {
  EmbeddingsSite site;
  const HttpResponse none = site.embed(body_for("vx11"));
  CHECK(none.status == 400);
  CHECK(error_of(none).at("param") == "model");
  CHECK(error_of(none).at("message").get<std::string>().find("embeddings") != std::string::npos);
  const HttpResponse unknown = site.embed(body_for("gpt"));
  CHECK(unknown.status == 404);
  CHECK(error_of(unknown).at("code") == "model_not_found");
  CHECK(site.to_switch->calls() + site.to_local->calls() == 0);
}

TEST_CASE("embeddings: mistakes are named, and no target is asked") {
  EmbeddingsSite site;
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {R"({"input":"x"})", "model"},
      {R"({"model":7,"input":"x"})", "model"},
      {R"({"model":"vx11/local"})", "input"},
      {R"({"model":"vx11/local","input":null})", "input"},
      {R"({"model":"vx11/local","input":{}})", "input"}};
  for (const auto& [body, param] : bodies) {
    const auto& case_body = body;  // clang 14 captures no structured binding
    CAPTURE(case_body);
    const HttpResponse answer = site.embed(body);
    CHECK(answer.status == 400);
    CHECK(error_of(answer).at("param") == param);
  }
  CHECK(error_of(site.embed("[]")).at("param").is_null());
  CHECK(site.embed(R"({"x":")" + std::string(1024 * 1024, 'x') + "\"}").status == 413);
  CHECK(site.send(Site::request("GET", kEmbeddings)).status == 405);
  CHECK(site.to_local->calls() == 0);
}

TEST_CASE("embeddings: what no target answers has the errors of chats") {
  EmbeddingsSite site;
  site.to_local->then(HttpResponse(422)).then(HttpResponse(429)).then_fail(Errc::timeout);
  const HttpResponse refused = site.embed(body_for(kToLocal));
  CHECK(refused.status == 400);
  CHECK(error_of(refused).at("code") == "upstream_error");
  CHECK(error_of(site.embed(body_for(kToLocal))).at("code") == "rate_limited");
  CHECK(site.embed(body_for(kToLocal)).status == 504);
}

TEST_CASE("embeddings: the dialect refuses what is no such request, and wrong paths") {
  const auto dialect = vx11::openai_embeddings_dialect({.path = "/x?api-version=1"}).value();
  CHECK_FALSE(dialect->ask(vx11::ChatRequest("hello", "s")).has_value());
  vx11::ChatRequest call;
  call.completion_json = "[]";
  CHECK_FALSE(dialect->ask(call).has_value());
  call.completion_json = "{}";
  CHECK(dialect->ask(call).value().target == "/x?api-version=1");
  const auto answer = dialect->read(HttpResponse(200, "application/json", kVectors)).value();
  CHECK(answer.completion_json == kVectors);
  CHECK(answer.ending.input_tokens == 2);
  for (const char* body :
       {"{}", "[]", R"({"data":7})", R"({"data":[],"error":{"message":"no"}})"}) {
    CAPTURE(body);
    const auto without = dialect->read(HttpResponse(200, "application/json", body));
    REQUIRE(without.has_value());
    CHECK(without->completion_json.empty());
  }
  CHECK_FALSE(dialect->read(HttpResponse(200, "text/html", "<html>")).has_value());
  const auto wrong = vx11::openai_embeddings_dialect({.base_path = "v1", .path = "a b"});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().detail.find("base_path must begin with /") != std::string::npos);
  CHECK(wrong.error().detail.find("; path must begin") != std::string::npos);
}

TEST_CASE("embeddings: a log around them learns who answered, and how many were asked") {
  EmbeddingsSite site;
  site.to_local->then_fail(Errc::unreachable);
  site.to_spare->then_json(kVectors);
  std::string line;
  const auto note = [&line](const vx11::RequestRecord& record) {
    line = std::string(record.source) + ' ' + std::string(record.fallback) + ' ' +
           std::to_string(record.attempts);
  };
  const auto api = std::make_shared<vx11::ChatCompletionsApi>(site.api());
  const auto log = vx11::make_request_log(api, {.sink = note}).value();
  handler_fakes::ask(*log, Site::request("POST", kEmbeddings, body_for("mixed")));
  CHECK(line == "spare local_unreachable 2");
}
