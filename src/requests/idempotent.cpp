#include <vx11/detail/mistakes.hpp>
#include <vx11/http_idempotency.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "front/cors.hpp"
#include "front/refusal.hpp"
#include "http/request_id.hpp"
#include "requests/decorator.hpp"
#include "requests/idempotency_claim.hpp"
#include "requests/idempotency_key.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Kind = IdempotencyClaim::Kind;
using endpoints::ErrorForm;

/// Whether a repeated request is to get this answer, too.
bool is_final(int status) noexcept {
  return status < 500 && status != 408 && status != 409 && status != 425 && status != 429;
}

/// The answer as it is kept: the id belongs to one request.
HttpResponse kept(const HttpResponse& answer) {
  HttpResponse copy = answer;
  copy.headers.remove(http_detail::kRequestId);
  return copy;
}

class Idempotent final : public requests::Decorator {
 public:
  Idempotent(std::shared_ptr<HttpHandler> inner, IdempotencyOptions options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    if (!reads_key(head)) return inner().admit(head);  // which also answers it
    auto admission = Decorator::admit(head);
    if (!admission) return admission;
    if (requests::idempotency_key(head.headers)) return admission;
    return tl::unexpected(
        refuse(head, 400, "idempotency_key_invalid",
               "send one Idempotency-Key of 1 to 255 visible ASCII characters, such as a UUID"));
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    if (!reads_key(request)) {
      return open_inner(request, admission, std::move(deadline));
    }
    return open_once(request, admission, std::move(deadline));
  }

 private:
  bool reads_key(const HttpRequest& head) const noexcept {
    if (!head.headers.contains(requests::kIdempotencyKey) || head.method != "POST") return false;
    const auto& routes = options_.routes;
    return std::find(routes.begin(), routes.end(), route(head.target)) != routes.end();
  }

  HttpResponse refuse(const HttpRequest& request, int status, std::string_view code,
                      std::string_view message) const {
    const bool is_openai = route(request.target).starts_with("/v1/");
    HttpResponse answer =
        endpoints::refusal(is_openai ? ErrorForm::openai : ErrorForm::operator_contract, request,
                           status, code, message);
    endpoints::add_cors_fields(options_.cors_origins, request, answer);
    return answer;
  }

  static HttpResponse replay(const HttpRequest& request, const HttpResponse& answer) {
    HttpResponse again = answer;
    again.headers.add("Idempotent-Replayed", "true");
    http_detail::add_request_id(again, http_detail::request_id_of(request.headers));
    return again;
  }

  void count(const HttpRequest& request, int status) const noexcept {
    if (options_.metrics == nullptr) return;
    options_.metrics->refused(route(request.target), request.method, status);
  }

  /// The answer to a request that was not granted its key.
  HttpResponse without_key(const HttpRequest& request, const IdempotencyClaim& claim) const {
    if (claim.kind == Kind::answered) return replay(request, *claim.answer);
    if (claim.kind == Kind::other_content) {
      return refuse(request, 422, "idempotency_key_reused",
                    "the Idempotency-Key belongs to a request with another content; use a new key");
    }
    const bool is_busy = claim.kind == Kind::busy;
    HttpResponse answer =
        is_busy ? refuse(request, 409, "idempotency_key_in_use",
                         "a request with this Idempotency-Key is in progress; repeat it later")
                : refuse(request, 503, "idempotency_unavailable",
                         "the store of idempotency keys cannot be used; repeat the request later");
    answer.headers.add("Retry-After", "1");
    return answer;
  }

  Task<IdempotencyClaim> claim(const HttpRequest& request, const HttpAdmission& admission,
                               const Deadline& deadline, IdempotencyId& id) const {
    const auto key = requests::idempotency_key(request.headers);
    const auto found = key ? requests::identify(*key, route(request.target), admission, request)
                           : Result<IdempotencyId>(fail(Errc::invalid_argument));
    if (!found) return IdempotencyClaim();
    id = *found;
    return options_.store->claim(id, deadline.capped(options_.clock.now(), options_.max_wait));
  }

  Task<StreamedResponse> open_once(const HttpRequest& request, const HttpAdmission& admission,
                                   Deadline deadline) const {
    IdempotencyId id;
    Task<IdempotencyClaim> claiming = claim(request, admission, deadline, id);
    const IdempotencyClaim claimed = co_await std::move(claiming);
    if (claimed.kind != Kind::granted) {
      HttpResponse answer = without_key(request, claimed);
      count(request, answer.status);
      co_return StreamedResponse(std::move(answer), nullptr);
    }
    requests::GrantedKey key(options_.store, id, claimed.ticket);
    Task<StreamedResponse> opening = open_inner(request, admission, std::move(deadline));
    StreamedResponse answer = co_await std::move(opening);
    if (!is_final(answer.head.status)) co_return std::move(answer);
    HttpResponse copy = kept(answer.head);
    if (answer.body != nullptr) {
      answer.body = std::make_unique<requests::RecordedStream>(
          std::move(key), std::move(copy), std::move(answer.body), options_.max_stream_bytes);
      co_return std::move(answer);
    }
    Task<void> keeping = key.keep(std::move(copy));
    co_await std::move(keeping);
    co_return std::move(answer);
  }

  const IdempotencyOptions options_;
};

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_idempotent(std::shared_ptr<HttpHandler> inner,
                                                     IdempotencyOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is null");
  mistakes.add_if(options.store == nullptr, "store is missing");
  mistakes.add_if(options.routes.empty(), "routes is empty");
  mistakes.add_if(options.max_wait < Duration::zero(), "max_wait is below zero");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<Idempotent>(std::move(inner), std::move(options));
}

}  // namespace v0
}  // namespace vx11
