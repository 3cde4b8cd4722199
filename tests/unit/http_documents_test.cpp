// Documents: their paths, forms, validators and fields.

#include <vx11/http_documents.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handler_fakes.hpp"

using namespace handler_fakes;

namespace {

constexpr const char* kPath = "/openapi.json";

vx11::HttpDocument document(std::string path = kPath) {
  vx11::HttpDocument made{.path = std::move(path), .content_type = "application/json"};
  made.body = "{\"plain\":true}";
  made.gzip = "compressed";
  made.headers.add("X-Own", "field");
  return made;
}

std::shared_ptr<vx11::HttpHandler> published(std::vector<vx11::HttpDocument> documents) {
  return vx11::make_documents({std::move(documents), {"https://console.example"}}).value();
}

HttpResponse get(const vx11::HttpHandler& handler, const std::string& target,
                 const Headers& fields = {}, const std::string& method = "GET") {
  HttpRequest request(method, {}, target);
  request.headers = fields;
  return ask(handler, request)->answer->head;
}

Headers field(const char* name, const std::string& value) {
  Headers fields;
  fields.add(name, value);
  return fields;
}

}  // namespace

TEST_CASE("a document is found by its path, whatever query or slash follows") {
  const auto documents = published({document(), document("/operator/docs")});
  for (const char* target :
       {"/openapi.json", "/openapi.json/", "/openapi.json?x", "/operator/docs/"}) {
    const HttpResponse answer = get(*documents, target);
    CHECK(answer.status == 200);
    CHECK(answer.body == "{\"plain\":true}");
    CHECK(answer.headers.get("Content-Type") == "application/json");
    CHECK(answer.headers.get("Cache-Control") == "no-cache");
    CHECK(answer.headers.get("X-Content-Type-Options") == "nosniff");
    CHECK(answer.headers.get("X-Own") == "field");
    CHECK(answer.headers.contains("X-Request-Id"));
  }
  CHECK(documents->route("/operator/docs/?x") == "/operator/docs");
  CHECK(documents->route("/operator").empty());
  for (const char* target : {"/", "/openapi.jso", "/openapi.json/more"}) {
    CHECK(get(*documents, target).status == 404);
  }
}

TEST_CASE("a document is compressed for those who accept that") {
  const auto documents = published({document()});
  for (const char* accepted : {"gzip", "br, GZIP;q=0.5", "*", "identity, *;q=0.1"}) {
    const HttpResponse answer = get(*documents, kPath, field("Accept-Encoding", accepted));
    CHECK(answer.body == "compressed");
    CHECK(answer.headers.get("Content-Encoding") == "gzip");
    CHECK(answer.headers.get("Vary").starts_with("Accept-Encoding"));
  }
  for (const char* accepted : {"", "br", "gzip;q=0", "*, gzip;q=0", "*;q=0", "gzipped"}) {
    const HttpResponse answer = get(*documents, kPath, field("Accept-Encoding", accepted));
    CHECK(answer.body == "{\"plain\":true}");
    CHECK_FALSE(answer.headers.contains("Content-Encoding"));
    CHECK(answer.headers.get("Vary").starts_with("Accept-Encoding"));
  }
}

TEST_CASE("a client that has the document gets no body") {
  const auto documents = published({document()});
  const std::string tag(get(*documents, kPath).headers.get("ETag"));
  for (const std::string& sent : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const HttpResponse answer = get(*documents, kPath, field("If-None-Match", sent));
    CHECK(answer.status == 304);
    CHECK(answer.body.empty());
    CHECK(answer.headers.get("ETag") == tag);
    CHECK_FALSE(answer.headers.contains("Content-Type"));
  }
  Headers compressed = field("Accept-Encoding", "gzip");
  const std::string of_gzip(get(*documents, kPath, compressed).headers.get("ETag"));
  CHECK(of_gzip != tag);
  compressed.add("If-None-Match", tag);
  CHECK(get(*documents, kPath, compressed).status == 200);
  vx11::HttpDocument newer = document();
  newer.body = "{\"plain\":false}";
  CHECK(get(*published({newer}), kPath, field("If-None-Match", tag)).status == 200);
  newer.digest = "release-2026-11-28-1";
  CHECK(get(*published({newer}), kPath).headers.get("ETag") == "\"release-2026-11-28-1\"");
}

TEST_CASE(
    "documents have the methods of documents, and pages of configured origins may read them") {
  const auto documents = published({document()});
  CHECK(get(*documents, kPath, {}, "HEAD").headers.get("ETag") ==
        get(*documents, kPath).headers.get("ETag"));
  const HttpResponse options = get(*documents, kPath, {}, "OPTIONS");
  CHECK(options.status == 204);
  CHECK(options.headers.get("Allow") == "GET, HEAD, OPTIONS");
  const HttpResponse wrong = get(*documents, kPath, {}, "POST");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.get("Allow") == "GET, HEAD, OPTIONS");
  CHECK(wrong.headers.contains("X-Request-Id"));
  const Headers origin = field("Origin", "https://console.example");
  CHECK(get(*documents, kPath, origin).headers.get("Access-Control-Allow-Origin") ==
        "https://console.example");
  CHECK_FALSE(get(*documents, kPath, field("Origin", "https://evil.example"))
                  .headers.contains("Access-Control-Allow-Origin"));
}

TEST_CASE("every mistake in a list of documents is named") {
  vx11::HttpDocument bare = document("/slash/");
  bare.content_type.clear();
  bare.digest = "\"quoted\"";
  const auto made = vx11::make_documents({{document("/"), document(), document(), bare}, {}});
  REQUIRE_FALSE(made.has_value());
  for (const char* mistake : {"must begin with '/' and name something", "another has the same path",
                              "must not end with '/'", "it has no content type",
                              "the digest has other characters than a word"}) {
    CHECK(made.error().detail.find(mistake) != std::string::npos);
  }
  CHECK_FALSE(vx11::make_documents({}).has_value());
}
