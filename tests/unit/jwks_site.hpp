#pragma once

/// \file
/// An issuer over a scripted transport, and its tokens.

#include <vx11/jwks.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "jwt_signer.hpp"

namespace jwks_site {

using namespace std::chrono_literals;
using jwt_signer::KeyPair;
using vx11::Access;
using vx11::AccessCheck;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::JwksAuthenticator;
using vx11::JwksOptions;
using vx11::Result;

inline std::string set_of(const std::string& keys) {
  return R"({"keys":[)" + keys + "]}";
}

inline HttpResponse json_of(std::string body) {
  return HttpResponse(200, "application/json", std::move(body));
}

/// Claims that hold at the manual clock's start.
inline const std::string kClaims =
    R"({"exp":1766999999,"aud":"operator","sub":"alice","scope":"chat"})";

inline vx11::Headers bearing(const std::string& token) {
  vx11::Headers headers;
  headers.add("Authorization", "Bearer " + token);
  return headers;
}

/// The header of a token: `header("ES256", R"(,"kid":"one")")`.
inline std::string header(const std::string& algorithm, const std::string& more = "") {
  return R"({"alg":")" + algorithm + "\"" + more + "}";
}

/// An issuer whose answer can be changed, and which counts the fetches.
struct Issuer {
  using Answer = std::function<Result<HttpResponse>(const vx11::Deadline&)>;

  vx11::testing::ManualClock clock;
  KeyPair pair = KeyPair::p256();
  std::atomic<int> fetches{0};

  JwksOptions options = {.url = "https://issuer.test/keys?version=2",
                         .transport = std::make_shared<vx11::InProcessTransport>(
                             [this](const HttpRequest& request, const vx11::Deadline& deadline) {
                               return answer(request, deadline);
                             }),
                         .audience = "operator",
                         .clock = clock,
                         .wall_clock = clock};

  void answers(Answer with) {
    const std::lock_guard lock(mutex);
    current = std::move(with);
  }
  void publishes(const std::string& keys) {
    answers([keys](const vx11::Deadline&) { return json_of(set_of(keys)); });
  }
  void publishes_own(const std::string& kid = "one") {
    publishes(pair.jwk(",\"kid\":\"" + kid + "\""));
  }

  std::shared_ptr<JwksAuthenticator> open() const {
    return JwksAuthenticator::open(options).value();
  }

  /// Begins the fetch that is due, and waits for its outcome.
  static Result<bool> fetched(JwksAuthenticator& keys) {
    for (;;) {
      const Result<bool> outcome = keys.refresh();
      if (!outcome || *outcome) return outcome;
      std::this_thread::yield();
    }
  }
  std::shared_ptr<JwksAuthenticator> opened() const {
    auto keys = open();
    REQUIRE(fetched(*keys).has_value());
    return keys;
  }

  std::string token(const std::string& kid = "one") const {
    return pair.sign(header("ES256", ",\"kid\":\"" + kid + "\""), kClaims);
  }

 private:
  Result<HttpResponse> answer(const HttpRequest& request, const vx11::Deadline& deadline) {
    ++fetches;
    last_request = request;
    Answer with;
    {
      const std::lock_guard lock(mutex);
      with = current;
    }
    return with(deadline);
  }

  std::mutex mutex;
  Answer current = [](const vx11::Deadline&) { return json_of("{}"); };

 public:
  HttpRequest last_request = {};  ///< Read it after its fetch only.
};

}  // namespace jwks_site
