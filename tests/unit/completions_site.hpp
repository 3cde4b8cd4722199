#pragma once

/// \file
/// A completions API over scripted upstreams and a manual clock.

#include <vx11/chat_completions_api.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "completions_dialect.hpp"
#include "streaming_script.hpp"

namespace completions_site {

using namespace std::chrono_literals;
using completions_dialect::chunk;
using nlohmann::json;
using streaming_script::ScriptedStream;
using vx11::ChatCompletionsApi;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Router;
using vx11::testing::ScriptedTransport;

inline const std::string kToken = "vx11-local-token";
inline const std::string kPath = "/v1/chat/completions";
inline const std::string kSwitchSays = R"({"response":"from switch","model":"m-7"})";
inline const std::string kToLocal = "vx11/local";

/// An API with the models `vx11` (switch, then madre) and `vx11/local`, which speaks the OpenAI
/// chat API. Change parts before the first request.
struct Site {
  vx11::testing::ManualClock clock = {};
  std::shared_ptr<ScriptedTransport> to_switch = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> to_madre = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<vx11::Transport> switch_transport = to_switch;
  std::shared_ptr<ScriptedTransport> to_local = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<vx11::Transport> local = to_local;
  std::shared_ptr<vx11::CircuitBreaker> breaker = {};  ///< Of `local`; null: the router's own.
  std::shared_ptr<const vx11::ChatDialect> dialect = completions_dialect::make();  ///< Of `local`.
  std::shared_ptr<vx11::SessionStore> store =
      vx11::make_memory_session_store({.clock = clock, .wall_clock = clock});
  vx11::ChatCompletionsApiOptions options = {
      .auth = vx11::make_token_authenticator(kToken).value(), .clock = clock, .wall_clock = clock};

  ChatCompletionsApi& api() {
    if (!api_) {
      options.models["vx11"] =
          router({target("switch", switch_transport), target("madre", to_madre)});
      vx11::RouterTarget speaks = target("local", local);
      speaks.dialect = dialect;
      speaks.breaker = breaker;
      options.models["vx11/local"] = router({speaks});
      vx11::RouterTarget first = target("switch", switch_transport);
      options.models["mixed"] = router({first, speaks});
      options.sessions = store;
      api_ = ChatCompletionsApi::create(options).value();
    }
    return *api_;
  }

  static HttpRequest request(const std::string& method, const std::string& target,
                             const std::string& body = {}) {
    HttpRequest made(method, {}, target);
    made.headers.add("Authorization", "Bearer " + kToken);
    if (!body.empty()) made.headers.add("Content-Type", "application/json");
    made.body = body;
    return made;
  }
  /// The answer with its whole body.
  HttpResponse send(const HttpRequest& request) {
    vx11::StreamedResponse opened = vx11::sync_wait(api().open(request));
    while (opened.body) {
      const auto piece = vx11::sync_wait(opened.body->next({}));
      REQUIRE(piece.has_value());
      if (piece->empty()) break;
      opened.head.body += *piece;
    }
    return std::move(opened.head);
  }
  HttpResponse post(const std::string& body) { return send(request("POST", kPath, body)); }
  HttpResponse get(const std::string& target) { return send(request("GET", target)); }

  /// A body with one user message and these further members.
  static std::string chat(const std::string& more = "", const std::string& model = "vx11") {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hello"}])" + more +
           "}";
  }

  std::shared_ptr<const Router> router(std::vector<vx11::RouterTarget> targets) const {
    return std::make_shared<const Router>(
        Router::create({.targets = std::move(targets), .clock = clock}).value());
  }
  static vx11::RouterTarget target(const std::string& name,
                                   std::shared_ptr<vx11::Transport> transport) {
    return {.name = name, .url = "http://" + name + ":1", .transport = std::move(transport)};
  }

 private:
  std::optional<ChatCompletionsApi> api_ = std::nullopt;
};

inline json body_of(const HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  REQUIRE_MESSAGE(!body.is_discarded(), response.body);
  return body;
}

/// The data of the events, all of which must be unnamed.
inline std::vector<std::string> events_of(const HttpResponse& response) {
  std::vector<std::string> events;
  std::size_t at = 0;
  while (at < response.body.size()) {
    REQUIRE(response.body.compare(at, 6, "data: ") == 0);
    const std::size_t end = response.body.find("\n\n", at);
    REQUIRE(end != std::string::npos);
    events.push_back(response.body.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return events;
}

/// The same site with the dialect that the gateway has for such upstreams.
struct OpenAiSite : Site {
  OpenAiSite() { dialect = vx11::openai_dialect().value(); }

  std::vector<std::string> stream(const std::string& more = "") {
    return events_of(post(chat(R"(,"stream":true)" + more, "vx11/local")));
  }
};

/// A choice of an answer, with this message.
inline std::string choice(const std::string& message) {
  return R"({"index":0,"message":)" + message + R"(,"finish_reason":"stop"})";
}

/// Checks what every error has.
inline json error_of(const HttpResponse& response) {
  json error = body_of(response).at("error");
  CHECK(error.size() == 4);
  CHECK(error.at("message").is_string());
  CHECK(error.at("type").is_string());
  CHECK(error.contains("param"));
  CHECK(response.headers.contains("x-request-id"));
  return error;
}

}  // namespace completions_site
