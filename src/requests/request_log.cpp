#include <vx11/answer_origin.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/tracing.hpp>

#include <memory>
#include <stop_token>
#include <string_view>
#include <utility>

#include "front/refusal.hpp"
#include "http/request_id.hpp"
#include "requests/decorator.hpp"
#include "requests/logged_stream.hpp"
#include "requests/record_facts.hpp"
#include "requests/request_span.hpp"
#include "tracing/trace_parent.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

bool is_chat(std::string_view route) noexcept {
  return route.starts_with("/operator/chat") || route.starts_with("/v1/");
}

/// Has the handlers within report to this object while they answer one request.
struct Observation {
  Observation(const HttpAdmission& admitted, std::shared_ptr<RequestTrace> traced,
              const Deadline& deadline)
      : admission(admitted), trace(std::move(traced)), gone(deadline.stop_token()) {
    admission.report_to(&origin);
    if (trace != nullptr) admission.trace_by(trace);
  }
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;
  ~Observation() {
    admission.report_to(nullptr);
    if (trace != nullptr) admission.trace_by(nullptr);
  }

  const HttpAdmission& admission;
  const std::shared_ptr<RequestTrace> trace;  ///< Null: it is not traced.
  const std::stop_token gone;                 ///< Fires when the client has left.
  AnswerOrigin origin = {};
};

class RequestLog final : public requests::Decorator {
 public:
  RequestLog(std::shared_ptr<HttpHandler> inner, RequestLogOptions options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    const TimePoint since = options_.clock.now();
    auto admission = admit_inner(head);
    if (admission) return admission;
    report_refusal(head, admission.error(), since);
    return admission;
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    const TimePoint known = admission.match().since;
    const TimePoint since = known == TimePoint() ? options_.clock.now() : known;
    const Observation observed(admission, begin_trace(request, since), deadline);
    Task<StreamedResponse> opening = begin_inner(request, admission, deadline);
    StreamedResponse* answer = nullptr;
    try {
      answer = &co_await opening;
    } catch (...) {
    }
    if (answer == nullptr) {
      opening = StreamedResponse(internal_error(request), nullptr);
      answer = &co_await opening;
    }
    report_answer(request, observed, since, *answer);
    co_return std::move(*answer);
  }

  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    const TimePoint since = options_.clock.now();
    answer = Decorator::refused(head, std::move(answer));
    report_refusal(head, answer, since);
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

  /// A task of its own for an exception: a handler may throw before it has one.
  Task<StreamedResponse> begin_inner(const HttpRequest& request, const HttpAdmission& admission,
                                     Deadline& deadline) const {
    try {
      return inner().open(request, admission, std::move(deadline));
    } catch (...) {
      return StreamedResponse(internal_error(request), nullptr);
    }
  }

  /// Of a handler that throws. Not left to the server, whose answer would have another id than the
  /// record.
  HttpResponse internal_error(const HttpRequest& request) const {
    return Decorator::refused(
        request, endpoints::refusal(endpoints::ErrorForm::operator_contract, request, 500,
                                    "internal_server_error", "the request could not be answered"));
  }

  std::shared_ptr<RequestTrace> begin_trace(const HttpRequest& head, TimePoint since) const {
    return options_.tracer ? options_.tracer->begin(head, since) : nullptr;
  }

  void report_refusal(const HttpRequest& head, const HttpResponse& answer, TimePoint since) const {
    const std::shared_ptr<RequestTrace> trace = begin_trace(head, since);
    RequestRecord record = begin(head, trace.get(), since);
    record.route = route(head.target);
    describe(record, answer);
    report(record, trace.get(), since);
  }

  /// Not a part of `open`, whose frame all its variables would be in.
  void report_answer(const HttpRequest& request, const Observation& observed, TimePoint since,
                     StreamedResponse& answer) const {
    const HttpAdmission& admission = observed.admission;
    RequestRecord record = begin(request, observed.trace.get(), since);
    const std::string_view pattern = admission.match().pattern;
    record.route = pattern.empty() ? route(request.target) : pattern;
    admitted(record, request, admission);
    describe(record, answer.head);
    add_origin(record, observed.origin, answer.head);
    if (answer.body == nullptr && observed.gone.stop_requested()) {  // it reaches no client
      record.status = 499;  // the usual status for a client that left
      record.end = AnswerEnd::client_left;
      record.error = {};
    }
    if (answer.body == nullptr) return report(record, observed.trace.get(), since);
    answer.body = std::make_unique<requests::LoggedStream>(
        options_, requests::OwnedRecord(record, request, admission, observed.trace), since,
        std::move(answer.body));
  }

  /// The record of a request that has been answered now.
  RequestRecord begin(const HttpRequest& head, const RequestTrace* trace, TimePoint since) const {
    RequestRecord record;
    record.ended = options_.clock.now();
    record.duration = record.ended - since;
    record.received =
        options_.wall_clock.now() - std::chrono::duration_cast<WallTime::duration>(record.duration);
    if (trace != nullptr) {
      record.trace_id = trace->text().trace_id();
      record.span_id = trace->text().span_id();
      record.is_sampled = trace->is_sampled();
    } else {
      record.trace_id = tracing::trace_id_of(head.headers);
    }
    record.method = head.method;
    record.target = head.target;
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
  }

  /// Who answered is read from the answer where its handler has not said it, as of an answer that
  /// is given again.
  static void add_origin(RequestRecord& record, const AnswerOrigin& origin,
                         const HttpResponse& answer) {
    record.outcome = origin.outcome;
    if (origin.is_known) {
      record.source = origin.source;
      record.fallback = origin.fallback;
      record.attempts = origin.attempts;
    } else if (is_chat(record.route)) {
      read_origin(record, answer);
    }
  }

  static void read_origin(RequestRecord& record, const HttpResponse& answer) {
    const requests::ChatFacts facts = requests::chat_facts(answer.body);
    const bool has_source = !facts.source.empty();
    record.source = has_source ? facts.source : answer.headers.get("X-Vx11-Source");
    record.fallback = has_source ? facts.fallback : answer.headers.get("X-Vx11-Reason");
    record.attempts = facts.attempts;
  }

  void report(const RequestRecord& record, RequestTrace* trace, TimePoint since) const {
    if (trace != nullptr) requests::end_trace(*trace, record, since);
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
