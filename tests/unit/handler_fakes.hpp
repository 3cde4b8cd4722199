#pragma once

/// \file
/// A handler whose answers the test writes, and requests that are in progress at the same time.

#include <vx11/http_handler.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "threads/detached.hpp"

namespace handler_fakes {

using vx11::Deadline;
using vx11::Headers;
using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::StreamedResponse;
using vx11::Task;

/// Admits what names no `x-refused`, as the principal in `x-who`, and answers by a function.
class FakeHandler final : public vx11::HttpHandler {
 public:
  using Answer = std::function<Task<StreamedResponse>(const HttpRequest&, Deadline)>;
  explicit FakeHandler(Answer answer) : answer_(std::move(answer)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    if (const auto word = head.headers.find("x-refused")) {
      return tl::unexpected(
          HttpResponse(401, "application/json",
                       R"({"error":")" + std::string(*word) + R"(","status_code":401})"));
    }
    HttpAdmission::Match match;
    if (const auto who = head.headers.find("x-who")) {
      match.principal = std::make_shared<const std::string>(*who);
    }
    return HttpAdmission(*this, 1024, std::move(match));
  }
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& /*admission*/,
                              Deadline deadline) const override {
    ++calls;
    return answer_(request, std::move(deadline));
  }
  std::string_view route(std::string_view target) const noexcept override {
    if (target.starts_with("/operator/session/")) return "/operator/session/{}";
    for (const std::string_view known :
         {"/operator/chat/ask", "/v1/chat/completions", "/operator/power/window/open"}) {
      if (target.substr(0, target.find('?')) == known) return known;
    }
    return {};
  }

  mutable std::size_t calls = 0;

 private:
  Answer answer_;
};

inline HttpRequest post(const std::string& target, const std::string& body = "{}") {
  HttpRequest request("POST", {}, target);
  request.body = body;
  return request;
}

/// One request in progress.
struct Asked {
  explicit Asked(HttpRequest sent) : request(std::move(sent)) {}

  HttpRequest request;
  std::stop_source client = {};
  std::optional<StreamedResponse> answer = std::nullopt;

  bool is_answered() const { return answer.has_value(); }
  int status() const { return answer ? answer->head.status : 0; }
  const std::string& body() const { return answer->head.body; }
  bool is_replayed() const { return answer->head.headers.get("Idempotent-Replayed") == "true"; }
};

inline vx11::Detached run(const vx11::HttpHandler& handler, std::shared_ptr<Asked> asked) {
  auto admission = handler.admit(asked->request);
  if (!admission) {
    asked->answer.emplace(std::move(admission.error()), nullptr);
    co_return;
  }
  Deadline deadline(vx11::TimePoint::max(), asked->client.get_token());
  Task<StreamedResponse> opening =
      admission->handler().open(asked->request, *admission, std::move(deadline));
  StreamedResponse answer = co_await std::move(opening);
  asked->answer.emplace(std::move(answer));
}

inline std::shared_ptr<Asked> ask(const vx11::HttpHandler& handler, HttpRequest request) {
  auto asked = std::make_shared<Asked>(std::move(request));
  run(handler, asked);
  return asked;
}

/// The next pieces of a stream of these pieces; then its end.
class FakeStream final : public vx11::BodyStream {
 public:
  explicit FakeStream(std::vector<std::string> pieces, bool fails = false)
      : pieces_(std::move(pieces)), fails_(fails) {}

  Task<vx11::Result<std::string>> next(Deadline /*deadline*/) override {
    if (at_ == pieces_.size()) return vx11::Result<std::string>(std::string());
    return vx11::Result<std::string>(pieces_[at_++]);
  }
  bool failed() const noexcept override { return fails_ && at_ == pieces_.size(); }

 private:
  std::vector<std::string> pieces_;
  std::size_t at_ = 0;
  bool fails_;
};

/// Reads a stream to its end.
inline std::string read_all(StreamedResponse& answer) {
  std::string text;
  while (answer.body) {
    const auto piece = vx11::sync_wait(answer.body->next({}));
    if (!piece || piece->empty()) break;
    text += *piece;
  }
  return text;
}

}  // namespace handler_fakes
