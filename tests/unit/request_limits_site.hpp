#pragma once

/// \file
/// `RequestLimits` around a handler that admits every request, and requests to it.

#include <vx11/request_limits.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace request_limits_site {

using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::RequestLimit;
using vx11::RequestLimits;
using vx11::RequestLimitsOptions;
using vx11::RequestRate;
using vx11::StreamedResponse;
using vx11::Task;

/// A stream that ends when the test says so.
class Body final : public vx11::BodyStream {
 public:
  Task<vx11::Result<std::string>> next(vx11::Deadline) override { return std::string("piece"); }
};

/// Admits every request; the header `token` names the principal. Answers to `/v1/stream…` stream.
class Inner final : public vx11::HttpHandler {
 public:
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    HttpAdmission::Match match;
    const std::string_view token = head.headers.get("token");
    if (token == "wrong") return tl::unexpected(HttpResponse(403));
    if (!token.empty()) match.principal = std::make_shared<const std::string>(token);
    if (head.target.find("public") == std::string::npos) match.scopes = vx11::Scopes::all();
    return HttpAdmission(*this, 1024, match);
  }
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              vx11::Deadline) const override {
    ++answered;
    StreamedResponse answer(HttpResponse(status, "text/plain", "answer"), nullptr);
    if (request.headers.get("stream") == "yes") answer.body = std::make_unique<Body>();
    if (admission.meter() && cost > 0) admission.meter()->charge(cost);
    return answer;
  }
  std::string_view route(std::string_view) const noexcept override { return "/a/{}"; }
  void drain() noexcept override { drained = true; }

  mutable std::atomic<int> answered = 0;
  int status = 200;
  std::uint64_t cost = 0;
  bool drained = false;
};

struct Site {
  vx11::testing::ManualClock clock;
  std::shared_ptr<Inner> inner = std::make_shared<Inner>();
  RequestLimitsOptions options = {.counters = std::make_shared<vx11::LimitCounters>(),
                                  .clock = clock};

  RequestLimits& limits() {
    if (!limits_) limits_ = RequestLimits::create(inner, options).value();
    return *limits_;
  }
  StreamedResponse open(const HttpRequest& request) {
    auto admission = limits().admit(request);
    if (!admission) return StreamedResponse(std::move(admission.error()), nullptr);
    const auto& handler = admission->handler();
    return vx11::sync_wait(handler.open(request, *admission, {}));
  }
  HttpResponse send(const HttpRequest& request) { return open(request).head; }
  std::uint64_t refused(RequestLimit limit) const {
    return options.counters->refused[static_cast<std::size_t>(limit)];
  }

 private:
  std::shared_ptr<RequestLimits> limits_ = {};
};

inline HttpRequest chat(const std::string& token = "ci", const std::string& session = {}) {
  HttpRequest request("POST", {}, "/operator/chat/ask");
  request.headers.add("token", token);
  request.body =
      session.empty() ? R"({"message":"hello"})" : R"({"session_id":")" + session + "\"}";
  return request;
}
inline HttpRequest completion(const std::string& session = {}) {
  HttpRequest request("POST", {}, "/v1/chat/completions");
  request.headers.add("token", "ci");
  request.body = R"({"metadata":{"session_id":")" + session + "\"}}";
  return request;
}
inline HttpRequest status(const std::string& token = "ci") {
  HttpRequest request("GET", {}, "/operator/status?all=1");
  request.headers.add("token", token);
  return request;
}
inline HttpRequest from(const std::string& address, HttpRequest request) {
  request.peer = std::make_shared<vx11::HttpPeer>(address);
  return request;
}
inline HttpRequest streamed(HttpRequest request) {
  request.headers.add("stream", "yes");
  return request;
}

}  // namespace request_limits_site
