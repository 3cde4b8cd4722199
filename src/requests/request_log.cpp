#include <vx11/detail/mistakes.hpp>
#include <vx11/http_request_log.hpp>

#include <optional>
#include <utility>

#include "front/refusal.hpp"
#include "http/request_id.hpp"
#include "http/trace_parent.hpp"
#include "requests/decorator.hpp"
#include "requests/logged_stream.hpp"
#include "requests/record_facts.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

bool is_chat(std::string_view route) noexcept {
  return route.starts_with("/operator/chat") || route.starts_with("/v1/");
}

class RequestLog final : public requests::Decorator {
 public:
  RequestLog(std::shared_ptr<HttpHandler> inner, RequestLogOptions options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const TimePoint since = options_.clock.now();
    auto admission = admit_inner(head);
    if (admission) return admission;
    RequestRecord record = begin(head, since);
    describe(record, admission.error());
    report(record, since);
    return admission;
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    const TimePoint known = admission.match().since;
    const TimePoint since = known == TimePoint() ? options_.clock.now() : known;
    std::optional<Task<StreamedResponse>> opening;
    StreamedResponse* answer = nullptr;
    std::optional<StreamedResponse> failure;
    try {
      opening.emplace(open_inner(request, admission, std::move(deadline)));
      Task<StreamedResponse>& begun = *opening;
      answer = &co_await begun;
    } catch (...) {
    }
    if (answer == nullptr) answer = &failure.emplace(internal_error(request), nullptr);
    RequestRecord record = begin(request, since);
    admitted(record, request, admission);
    describe(record, answer->head);
    if (answer->body == nullptr) {
      report(record, since);
    } else {
      answer->body = std::make_unique<requests::LoggedStream>(
          options_, requests::OwnedRecord(record, request, admission), since,
          std::move(answer->body));
    }
    co_return std::move(*answer);
  }

  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    const TimePoint since = options_.clock.now();
    answer = Decorator::refused(head, std::move(answer));
    RequestRecord record = begin(head, since);
    describe(record, answer);
    report(record, since);
    return answer;
  }

 private:
  tl::expected<HttpAdmission, HttpResponse> admit_inner(const HttpRequest& head) const {
    try {
      return Decorator::admit(head);
    } catch (...) {
      return tl::unexpected(internal_error(head));
    }
  }

  /// Of a handler that throws. Not left to the server, whose answer would have another id than the
  /// record.
  HttpResponse internal_error(const HttpRequest& request) const {
    return Decorator::refused(
        request, endpoints::refusal(endpoints::ErrorForm::operator_contract, request, 500,
                                    "internal_server_error", "the request could not be answered"));
  }

  RequestRecord begin(const HttpRequest& head, TimePoint since) const {
    RequestRecord record;
    record.received = options_.wall_clock.now() -
                      std::chrono::duration_cast<WallTime::duration>(options_.clock.now() - since);
    record.trace_id = http_detail::trace_id_of(head.headers);
    record.method = head.method;
    record.target = head.target;
    record.route = route(head.target);
    if (head.peer) record.peer = head.peer->address;
    return record;
  }

  static void admitted(RequestRecord& record, const HttpRequest& request,
                       const HttpAdmission& admission) {
    record.is_admitted = true;
    record.bytes_in = request.body.size();
    if (admission.match().principal) record.principal = *admission.match().principal;
  }

  static void describe(RequestRecord& record, const HttpResponse& answer) {
    record.status = answer.status;
    record.request_id = answer.headers.get(http_detail::kRequestId);
    record.bytes_out = answer.body.size();
    if (answer.status >= 400) record.error = requests::error_word(answer.body);
    if (!record.is_admitted || !is_chat(record.route)) return;
    const requests::ChatFacts facts = requests::chat_facts(answer.body);
    const bool has_source = !facts.source.empty();
    record.source = has_source ? facts.source : answer.headers.get("X-Vx11-Source");
    record.fallback = has_source ? facts.fallback : answer.headers.get("X-Vx11-Reason");
    record.attempts = facts.attempts;
  }

  void report(RequestRecord& record, TimePoint since) const {
    record.duration = options_.clock.now() - since;
    options_.sink(record);
  }

  const RequestLogOptions options_;
};

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_request_log(std::shared_ptr<HttpHandler> inner,
                                                      RequestLogOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is null");
  mistakes.add_if(!options.sink, "sink is missing");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<RequestLog>(std::move(inner), std::move(options));
}

}  // namespace v0
}  // namespace vx11
