#pragma once

/// \file
/// `ChatCompletionsApi`: the OpenAI chat API in front of routers, as a function from request to
/// response.

#include <vx11/auth.hpp>
#include <vx11/chat_metrics.hpp>
#include <vx11/chat_stream_limits.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/operator_event.hpp>
#include <vx11/router.hpp>
#include <vx11/session_member.hpp>
#include <vx11/session_store.hpp>
#include <vx11/streaming.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The components and settings of the API.
struct ChatCompletionsApiOptions {
  std::shared_ptr<const Authenticator> auth = {};  ///< Required.
  /// The router of each model name that clients may ask for, such as `vx11`, `vx11/switch` and
  /// aliases; at least one. Routers may share targets and breakers.
  std::map<std::string, std::shared_ptr<const Router>, std::less<>> models{};
  /// The routers for embeddings, by names of `models`: their targets have
  /// `openai_embeddings_dialect`, and share breakers with those for chats. Vectors of two models
  /// cannot be compared: a route with several targets needs the same model behind all of them. A
  /// name that is missing here is answered 400.
  std::map<std::string, std::shared_ptr<const Router>, std::less<>> embeddings{};
  /// Where the turns of requests with a session are stored. Null: requests with one are answered
  /// without it, and say so. Requests without a session leave nothing behind.
  std::shared_ptr<SessionStore> sessions = {};
  /// By default `user` is not enough: clients send it for other purposes.
  SessionMember session_member = SessionMember::metadata;
  /// As `OperatorApiOptions::cors_origins`.
  std::vector<std::string> cors_origins{};
  /// As `OperatorApiOptions::hosts`.
  std::vector<std::string> hosts{};
  /// Size limit of a body. 1 MiB is far above any text; pictures within messages need more.
  std::size_t max_body_bytes = 1024 * 1024;
  ChatStreamLimits stream = {};
  /// As `OperatorApiOptions::timer`.
  std::shared_ptr<Timer> timer = {};
  /// The longest `Retry-After`. The OpenAI clients wait in silence for as long as it says, up to a
  /// minute; 5 s keeps them responsive. When a retry cannot succeed by then, the answer also says
  /// `x-should-retry: false`.
  std::chrono::seconds max_retry_after = std::chrono::seconds(5);
  /// Receives what a log should say. Default: none.
  OperatorEventSink on_event = {};
  SteadyClock clock = {};  ///< Measures durations. Default: the system's.
  WallClock wall_clock =
      {};  ///< For `created` and the times of stored turns. Default: the system's.
  /// As `OperatorApiOptions::chat_metrics`. Null: the API has one of its own, which counts nothing.
  std::shared_ptr<ChatMetrics> chat_metrics = {};
  /// As `OperatorApiOptions::request_metrics`. Null: requests are not counted by status code.
  std::shared_ptr<RequestMetrics> request_metrics = {};
  /// As `OperatorApiOptions::request_counting`; off: `metric_families` returns none.
  RequestCounting request_counting = RequestCounting::on;
};

/// Handles `POST /v1/chat/completions`, `GET /v1/models`, `POST /v1/embeddings` and, for text
/// alone, `POST /v1/responses` and `POST /v1/completions`, also without `/v1`. Serve it beside an
/// `OperatorApi` by `HttpRoutes::mount("/v1", api)`.
///
/// An upstream that speaks the same API gets the client's body and gives its own, with nothing
/// changed but the model and an added member `vx11`: source, attempts, degraded, session. Ollama
/// and Anthropic get a translation of the body; switch and madre get the text of the last user
/// message and a summary of the earlier ones. An upstream that cannot express what a request asks
/// for is passed by, and if none can, the answer is 400 and names the member.
/// Embeddings are passed through both ways; the header `x-vx11-source` names the target, and
/// `x-vx11-reason` says why an earlier one did not answer. `/v1/completions` is answered by a chat
/// with the prompt as its one message, by targets of every kind.
/// Errors have the form of the OpenAI API; `code` is a word of the operator contract.
///
/// **Thread-safe**; copies share everything. Must outlive the tasks it returned. Never throws.
class VX11_API ChatCompletionsApi final : public HttpHandler {
 public:
  /// \return every mistake of the options in one `invalid_argument`
  static Result<ChatCompletionsApi> create(ChatCompletionsApiOptions options);
  /// An API that takes the place of this one, such as for a configuration that was read again: the
  /// counters of both are the same, so that no metric goes backwards. Requests of this one may
  /// still be in progress.
  /// \return the errors of `create`
  Result<ChatCompletionsApi> successor(ChatCompletionsApiOptions options) const;

  /// Checks the head of a request: path, origin, credential, method, content type and length. Calls
  /// no upstream and does not block.
  /// \return the admission for `open`, or the refusal to be sent in its place
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override;
  std::string_view route(std::string_view target) const noexcept override;
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline = {}) const override;
  Task<StreamedResponse> open(const HttpRequest&& request, const HttpAdmission& admission,
                              Deadline deadline = {}) const = delete;
  /// Both steps in one, for requests from any source.
  Task<StreamedResponse> open(const HttpRequest& request, Deadline deadline = {}) const;
  Task<StreamedResponse> open(const HttpRequest&& request, Deadline deadline = {}) const = delete;

  /// Requests and streams so far, for `OperatorApiOptions::metric_families`. May outlive the API.
  std::vector<MetricFamily> metric_families() const;
  /// What is served, for `RequestMetrics`.
  static std::vector<ServedRoute> routes();

 private:
  struct Impl;
  Task<StreamedResponse> open_owned(const HttpRequest& request, HttpAdmission admission,
                                    Deadline deadline) const;
  explicit ChatCompletionsApi(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
