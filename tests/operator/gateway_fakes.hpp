#pragma once

/// \file
/// A gateway that answers what the test says, and stores in memory.

#include <vx11/streaming.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/gateway/gateway_client.hpp"
#include "operator/parts/parts.hpp"

namespace gateway_fakes {

using backend::NewEvent;
using backend::StoredEvent;
using nlohmann::json;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::Task;

/// The pieces of a body; an error ends it.
class Pieces final : public vx11::BodyStream {
 public:
  explicit Pieces(std::deque<Result<std::string>> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::string>> next(vx11::Deadline deadline) override {
    if (deadline.cancelled()) return Result<std::string>(vx11::fail(Errc::cancelled, "left"));
    if (pieces_.empty()) return Result<std::string>(std::string());
    Result<std::string> piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

 private:
  std::deque<Result<std::string>> pieces_;
};

/// Answers by method and path; what is not set is 404, as by a gateway without the route.
class FakeGateway final : public vx11::StreamingTransport {
 public:
  void answers(const std::string& what, int status, const json& body) {
    responds(what, HttpResponse(status, "application/json", body.dump()));
  }
  void responds(const std::string& what, Result<HttpResponse> response) {
    answers_.insert_or_assign(what, std::move(response));
  }
  void streams(const std::string& what, std::deque<Result<std::string>> pieces) {
    streams_[what] = std::move(pieces);
  }
  /// Called with each request before it is answered.
  std::function<void(const HttpRequest&)> on_request = {};
  std::vector<HttpRequest> requests = {};

  const HttpRequest& last(const std::string& what) const {
    for (auto at = requests.rbegin(); at != requests.rend(); ++at) {
      if (at->method + " " + at->target == what) return *at;
    }
    static const HttpRequest kNone("", "", "");
    return kNone;
  }

  using vx11::StreamingTransport::open;
  using vx11::StreamingTransport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, vx11::Deadline deadline) override {
    if (deadline.cancelled()) return Result<HttpResponse>(vx11::fail(Errc::cancelled, "left"));
    requests.push_back(request);
    if (on_request) on_request(request);
    const auto at = answers_.find(request.method + " " + request.target);
    if (at != answers_.end()) return Result<HttpResponse>(at->second);
    return HttpResponse(404, "application/json", R"({"error":"not_found","status_code":404})");
  }
  Task<Result<vx11::StreamedResponse>> open(const HttpRequest& request,
                                            vx11::Deadline deadline) override {
    const auto at = streams_.find(request.method + " " + request.target);
    if (at == streams_.end()) {
      auto sending = send(request, std::move(deadline));
      Result<HttpResponse> whole = co_await std::move(sending);
      if (!whole) co_return vx11::fail(whole.error());
      std::deque<Result<std::string>> rest;
      if (!whole->body.empty()) rest.emplace_back(std::exchange(whole->body, {}));
      co_return vx11::StreamedResponse(*std::move(whole),
                                       std::make_unique<Pieces>(std::move(rest)));
    }
    requests.push_back(request);
    co_return vx11::StreamedResponse(HttpResponse(200, "text/event-stream; charset=utf-8", {}),
                                     std::make_unique<Pieces>(at->second));
  }

 private:
  std::map<std::string, Result<HttpResponse>> answers_ = {};
  std::map<std::string, std::deque<Result<std::string>>> streams_ = {};
};

class FakeEvents final : public backend::EventStore {
 public:
  explicit FakeEvents(const vx11::testing::ManualClock& clock) : clock_(clock) {}

  Task<Result<std::uint64_t>> add(NewEvent event) override {
    if (fails) return Result<std::uint64_t>(vx11::fail(Errc::storage, "full"));
    StoredEvent stored;
    stored.id = all.size() + 1;
    stored.at = clock_.wall_now();
    stored.content = std::move(event);
    all.push_back(std::move(stored));
    return Result<std::uint64_t>(all.size());
  }
  Task<Result<backend::EventPage>> list(backend::EventFilter filter) override {
    if (fails) return Result<backend::EventPage>(vx11::fail(Errc::storage, "full"));
    backend::EventPage page;
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
      if (filter.before != 0 && at->id >= filter.before) continue;
      page.has_more = page.events.size() == filter.limit;
      if (page.has_more) break;
      page.events.push_back(*at);
    }
    return Result<backend::EventPage>(std::move(page));
  }
  Task<Result<std::vector<StoredEvent>>> after(std::uint64_t, std::size_t) override {
    return Result<std::vector<StoredEvent>>();
  }
  Task<Result<std::optional<backend::EventRange>>> range() override {
    return Result<std::optional<backend::EventRange>>();
  }
  std::shared_ptr<void> listen(backend::EventListener) override { return nullptr; }

  /// The types since the last call.
  std::vector<std::string> news() {
    std::vector<std::string> types;
    for (; read_ < all.size(); ++read_) types.push_back(all[read_].content.type);
    return types;
  }
  const NewEvent& last() const { return all.back().content; }

  std::vector<StoredEvent> all = {};
  bool fails = false;

 private:
  const vx11::testing::ManualClock& clock_;
  std::size_t read_ = 0;
};

class FakeAudit final : public backend::AuditLog {
 public:
  Task<Result<void>> add(backend::AuditEntry entry) override {
    if (fails) return Result<void>(vx11::fail(Errc::storage, "full"));
    all.push_back(std::move(entry));
    return Result<void>();
  }
  std::vector<backend::AuditEntry> all = {};
  bool fails = false;
};

class FakeTranscripts final : public backend::Transcripts {
 public:
  Task<Result<void>> add(backend::Turn turn) override {
    if (fails) return Result<void>(vx11::fail(Errc::storage, "full"));
    all.push_back(std::move(turn));
    return Result<void>();
  }
  std::vector<backend::Turn> all = {};
  bool fails = false;
};

/// The parts of a backend, all of them fakes but the client.
struct FakeParts {
  FakeParts() {
    backend::GatewayClientOptions options;
    options.url = "http://gateway.test:8000";
    options.transport = gateway;
    options.clock = clock;
    parts.gateway = backend::make_gateway_client(std::move(options)).value();
    parts.events = events;
    parts.audit = audit;
    parts.transcripts = transcripts;
    parts.feed = std::make_shared<backend::StatusFeed>();
  }

  vx11::testing::ManualClock clock = {};
  std::shared_ptr<FakeGateway> gateway = std::make_shared<FakeGateway>();
  std::shared_ptr<FakeEvents> events = std::make_shared<FakeEvents>(clock);
  std::shared_ptr<FakeAudit> audit = std::make_shared<FakeAudit>();
  std::shared_ptr<FakeTranscripts> transcripts = std::make_shared<FakeTranscripts>();
  backend::Parts parts = {};
};

inline json component(const char* status, const char* source = "probe") {
  return {{"status", status},
          {"port", 8001},
          {"latency_ms", 1.5},
          {"checked_at", "2025-12-28T12:34:56.789Z"},
          {"source", source}};
}

/// `GET /operator/status` of a healthy system.
inline json healthy_status() {
  return {{"status", "ok"},
          {"components",
           {{"tentaculo_link", component("ok", "self")},
            {"madre", component("ok")},
            {"redis", component("ok")},
            {"switch", component("available", "breaker")}}},
          {"windows", {{"policy", "solo_madre"}, {"active_count", 0}}}};
}

/// `GET /operator/power/state` without a window.
inline json solo_madre() {
  return {{"policy", "solo_madre"},
          {"active_windows", json::array()},
          {"running_services", {"madre", "tentaculo_link", "redis"}},
          {"available_services", {"switch", "hermes", "spawner"}},
          {"checked_at", "2025-12-28T12:34:56.789Z"},
          {"age_ms", 0.5}};
}

/// The same with a window of five minutes that was opened at the start of a `ManualClock`.
inline json with_window(const char* id = "win-1", int remaining = 300) {
  json state = solo_madre();
  state["policy"] = "operative_core";
  state["active_windows"] = json::array({{{"window_id", id},
                                          {"created_at", "2025-12-28T12:34:56.789Z"},
                                          {"ttl_seconds", 300},
                                          {"ttl_remaining_sec", remaining},
                                          {"services", {"switch", "hermes"}}}});
  state["running_services"] = {"madre", "tentaculo_link", "redis", "switch", "hermes"};
  state["available_services"] = {"spawner"};
  return state;
}

}  // namespace gateway_fakes
