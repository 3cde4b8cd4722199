#include <vx11/keyed_rate_limiter.hpp>

#include <algorithm>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/query_values.hpp"
#include "operator/events/event_families.hpp"
#include "operator/records/stored_routes.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;

constexpr std::size_t kMaxIngested = std::size_t{16} * 1024;

/// What the routes share; kept by each.
class EventEndpoints {
 public:
  using Self = std::shared_ptr<EventEndpoints>;

  EventEndpoints(const Parts& parts, EventRouteOptions options)
      : events_(parts.events),
        audit_(parts.audit),
        options_(std::move(options)),
        ingested_({.rate = options_.ingest_rate}, options_.clock) {}

  static Task<ApiAnswer> list(Self self, const ApiCall& call) {
    if (wants_event_stream(call.request)) {
      auto opening = open_stream(self, call, call.caller);
      co_return co_await std::move(opening);
    }
    auto filter = filter_of(call);
    if (!filter) co_return std::move(filter.error());
    auto listing = self->events_->list(*std::move(filter));
    const auto page = co_await std::move(listing);
    if (!page) co_return storage_offline(page.error());
    co_return to_answer(*page);
  }

  /// With a credential, or an ephemeral token in its place.
  static Task<ApiAnswer> stream(Self self, const ApiCall& call) {
    Caller owner = call.caller;
    if (owner.token.empty()) {
      auto redeeming = redeem_token(self->options_.tokens, self->options_.authorizer, call);
      auto found = co_await std::move(redeeming);
      if (!found) co_return std::move(found.error());
      if (!found->caller.scopes.allow(vx11::Scope::status)) {
        co_return refusal(403, "insufficient_scope", "the credential lacks the scope status");
      }
      owner = std::move(found->caller);
    }
    auto opening = open_stream(self, call, std::move(owner));
    co_return co_await std::move(opening);
  }

  static Task<ApiAnswer> issue(Self self, const ApiCall& call) {
    return issue_token(self->options_.tokens, self->audit_, call, "sse_token");
  }

  static Task<ApiAnswer> ingest(Self self, const ApiCall& call) {
    if (self->options_.read_only) co_return ingest_is_off();
    const auto admitted = self->ingested_.try_acquire(call.caller.principal);
    if (!admitted) co_return rejected(admitted.error());
    auto event = ingested_event(call);
    if (!event) co_return std::move(event.error());
    auto adding = self->events_->add(*std::move(event));
    const auto id = co_await std::move(adding);
    if (!id) co_return storage_offline(id.error());
    json body = {{"status", "received"}, {"event_id", std::to_string(*id)}};
    co_return ApiAnswer(std::move(body));
  }

 private:
  static QueryValue<std::optional<Severity>> severity_of(const ApiCall& call) {
    const std::string text = call.query("severity");
    if (text.empty()) return std::nullopt;
    if (const auto severity = parse_severity(text)) return severity;
    return tl::unexpected(
        invalid_query("severity", "Input should be 'critical', 'error', 'warn' or 'info'", "enum"));
  }

  static tl::expected<EventFilter, ApiAnswer> filter_of(const ApiCall& call) {
    auto limit = limit_of(call);
    if (!limit) return tl::unexpected(std::move(limit.error()));
    auto before = id_of(call, "cursor");
    if (!before) return tl::unexpected(std::move(before.error()));
    auto start = start_of(call);
    if (!start) return tl::unexpected(std::move(start.error()));
    EventFilter filter;
    filter.severity = start->severity;
    filter.module = std::move(start->module);
    filter.since = start->since;
    filter.before = before->value_or(0);
    filter.limit = *limit;
    return filter;
  }

  static tl::expected<EventStreamStart, ApiAnswer> start_of(const ApiCall& call) {
    EventStreamStart start;
    auto severity = severity_of(call);
    if (!severity) return tl::unexpected(std::move(severity.error()));
    start.severity = *severity;
    auto module = text_of(call, "module", 64);
    if (!module) return tl::unexpected(std::move(module.error()));
    start.module = *std::move(module);
    auto since = time_of(call, "since");
    if (!since) return tl::unexpected(std::move(since.error()));
    start.since = *since;
    return start;
  }

  /// The header field comes from a client that connects again, the parameter from its page.
  static QueryValue<std::optional<std::uint64_t>> last_id_of(const ApiCall& call) {
    std::string text(call.request.headers.get("Last-Event-ID"));
    if (text.empty()) text = call.query("last_event_id");
    if (text.empty()) return std::nullopt;
    if (const auto id = parse_id(text)) return id;
    return tl::unexpected(
        invalid_query("last_event_id", "Input should be the id of an event", "int_parsing"));
  }

  /// \param owner whose stream it is
  static Task<ApiAnswer> open_stream(Self self, const ApiCall& call, Caller owner) {
    auto start = start_of(call);
    if (!start) co_return std::move(start.error());
    const auto last = last_id_of(call);
    if (!last) co_return ApiAnswer(last.error().status, last.error().body);
    start->after = *last;
    start->login = std::move(owner.login);
    const std::shared_ptr<EventFeed>& feed = self->options_.feed;
    auto place = feed->places()->take(owner.principal);
    if (!place) co_return no_place(place.error(), "event streams", "too_many_streams");
    auto opening = EventFeed::open(feed, *std::move(start), *std::move(place));
    auto body = co_await std::move(opening);
    if (!body) co_return storage_offline(body.error());
    vx11::HttpResponse head(200);
    head.headers.add("Content-Type", "text/event-stream");
    head.headers.add("Cache-Control", "no-cache, no-store");
    head.headers.add("X-Accel-Buffering", "no");
    vx11::StreamedResponse response(std::move(head), *std::move(body));
    co_return ApiAnswer(std::move(response));
  }

  static ApiAnswer to_answer(const EventPage& page) {
    json events = json::array();
    for (const StoredEvent& event : page.events) events.push_back(to_json(event));
    json next = nullptr;
    if (page.has_more) next = std::to_string(page.events.back().id);
    json body = {{"events", std::move(events)},
                 {"total", page.total},
                 {"has_more", page.has_more},
                 {"next_cursor", std::move(next)}};
    return ApiAnswer(std::move(body));
  }

  static ApiAnswer ingest_is_off() {
    return off_by_policy({.service = "events",
                          .message = "This backend is read-only, and stores no events of others.",
                          .reason = "read_only",
                          .recommended_action = "Set console.read_only = false."});
  }

  static ApiAnswer rejected(const vx11::Rejection& rejection) {
    json body = {{"status", "rejected"}, {"reason", "rate_limited"}};
    ApiAnswer answer(429, std::move(body));
    const auto wait = std::chrono::ceil<std::chrono::seconds>(rejection.retry_after);
    answer.headers.add("Retry-After", std::to_string(std::max<long long>(1, wait.count())));
    return answer;
  }

  static QueryValue<std::string> member_of(const json& body, const char* name, std::size_t most) {
    const auto found = body.find(name);
    if (found == body.end()) {
      return tl::unexpected(unprocessable(name, "Field required", "missing"));
    }
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
      return tl::unexpected(
          unprocessable(name, "Input should be a text that is not empty", "string_type"));
    }
    if (found->get_ref<const std::string&>().size() > most) {
      return tl::unexpected(unprocessable(
          name, "Input should have at most " + std::to_string(most) + " bytes", "string_too_long"));
    }
    if (!is_shown_text(found->get_ref<const std::string&>())) {
      return tl::unexpected(
          unprocessable(name, "Input should have no control characters, and no space at its ends",
                        "string_pattern_mismatch"));
    }
    return found->get<std::string>();
  }
  /// Whether people see of it what programs read.
  static bool is_shown_text(const std::string& text) {
    const bool has_control = std::any_of(text.begin(), text.end(),
                                         [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    return !has_control && text.front() != ' ' && text.back() != ' ';
  }

  static tl::expected<NewEvent, ApiAnswer> ingested_event(const ApiCall& call) {
    auto body = json_object(call);
    if (!body) return tl::unexpected(std::move(body.error()));
    NewEvent event;
    event.correlation_id = call.correlation_id;
    auto source = member_of(*body, "source", 64);
    if (!source) return tl::unexpected(std::move(source.error()));
    event.module = *std::move(source);
    auto type = member_of(*body, "type", 128);
    if (!type) return tl::unexpected(std::move(type.error()));
    event.type = *std::move(type);
    if (is_reserved_event(event.type)) {
      return tl::unexpected(unprocessable(
          "type", "Events of this family are the backend's own: choose another word before the dot",
          "reserved_type"));
    }
    return with_details(*body, std::move(event));
  }

  static tl::expected<NewEvent, ApiAnswer> with_details(json& body, NewEvent event) {
    const auto payload = body.find("payload");
    if (payload == body.end()) {
      return tl::unexpected(unprocessable("payload", "Field required", "missing"));
    }
    if (!payload->is_object()) {
      return tl::unexpected(unprocessable("payload", "Input should be an object", "dict_type"));
    }
    event.payload = std::move(*payload);
    if (body.contains("severity")) {
      const json& word = body["severity"];
      const auto severity = parse_severity(word.is_string() ? word.get<std::string>() : "");
      if (!severity) {
        return tl::unexpected(unprocessable(
            "severity", "Input should be 'critical', 'error', 'warn' or 'info'", "enum"));
      }
      event.severity = *severity;
    }
    event.summary = event.type;
    if (!body.contains("summary")) return event;
    auto summary = member_of(body, "summary", 1'024);
    if (!summary) return tl::unexpected(std::move(summary.error()));
    event.summary = *std::move(summary);
    return event;
  }

  const std::shared_ptr<EventStore> events_;
  const std::shared_ptr<AuditLog> audit_;
  const EventRouteOptions options_;
  vx11::KeyedRateLimiter<> ingested_;
};

}  // namespace

ApiRoutes event_routes(const Parts& parts, EventRouteOptions options) {
  const auto self = std::make_shared<EventEndpoints>(parts, std::move(options));
  const vx11::Scopes status{vx11::Scope::status};
  const vx11::Scopes admin{vx11::Scope::admin};
  ApiRoutes routes;
  routes.push_back(
      ApiRoute{"GET",
               "/events",
               [self](const ApiCall& call) { return EventEndpoints::list(self, call); },
               {.scopes = status}});
  routes.push_back(
      ApiRoute{"GET",
               "/events/stream",
               [self](const ApiCall& call) { return EventEndpoints::stream(self, call); },
               {.scopes = status, .is_optional = true}});
  routes.push_back(
      ApiRoute{"POST",
               "/events/sse-token",
               [self](const ApiCall& call) { return EventEndpoints::issue(self, call); },
               {.scopes = status}});
  routes.push_back(
      ApiRoute{"POST",
               "/events/ingest",
               [self](const ApiCall& call) { return EventEndpoints::ingest(self, call); },
               {.scopes = admin, .max_body_bytes = kMaxIngested}});
  return routes;
}

}  // namespace backend
