// The record of each request: what it says, when it is made, and what it never contains.

#include <vx11/answer_origin.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "completions_site.hpp"
#include "handler_fakes.hpp"
#include "operator_site.hpp"

using namespace handler_fakes;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string kTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00-" + kTraceId + "-00f067aa0ba902b7-01";

/// A log around an API or a fake, and its lines.
struct Log {
  vx11::testing::ManualClock clock;
  std::vector<std::string> lines;
  std::vector<bool> admitted;
  std::vector<std::string> fallbacks;
  std::shared_ptr<vx11::HttpHandler> handler;

  template <class Handler>
  void around(Handler inner) {
    const auto note = [this](const vx11::RequestRecord& record) {
      lines.push_back(to_json_line(record));
      admitted.push_back(record.is_admitted);
      fallbacks.emplace_back(record.fallback);
    };
    handler = vx11::make_request_log(std::make_shared<Handler>(std::move(inner)),
                                     {.sink = note, .clock = clock, .wall_clock = clock})
                  .value();
  }
  void answering(std::function<StreamedResponse()> answer) {
    around(FakeHandler([answer = std::move(answer)](const HttpRequest&, Deadline) {
      return Task<StreamedResponse>(answer());
    }));
  }
  json only_line() {
    REQUIRE(lines.size() == 1);
    return json::parse(lines.front());
  }
};

HttpRequest known(HttpRequest request) {
  request.headers.add("x-who", "anna");
  request.headers.add("traceparent", kParent);
  request.peer = std::make_shared<const vx11::HttpPeer>("203.0.113.7");
  return request;
}

/// Its tasks are coroutines, as where a piece is waited for.
class AwaitedStream final : public vx11::BodyStream {
 public:
  explicit AwaitedStream(std::unique_ptr<vx11::BodyStream> inner) : inner_(std::move(inner)) {}

  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
    auto reading = inner_->next(std::move(deadline));
    co_return co_await std::move(reading);
  }
  bool ended() const noexcept override { return inner_->ended(); }
  bool failed() const noexcept override { return inner_->failed(); }

 private:
  std::unique_ptr<vx11::BodyStream> inner_;
};

}  // namespace

TEST_CASE_FIXTURE(Log, "an answered request has one line, with who, what and how long") {
  answering([this] {
    clock.advance(1500us);
    HttpResponse answer(200, "application/json", R"({"ok":true})");
    answer.headers.add("X-Request-Id", "r-1");
    return StreamedResponse(std::move(answer), nullptr);
  });
  ask(*handler, known(post("/operator/session/secret-id?token=x", "12345")));
  CHECK(only_line() == json({{"time", "2025-12-28T12:34:56.789Z"},
                             {"request_id", "r-1"},
                             {"trace_id", kTraceId},
                             {"principal", "anna"},
                             {"peer", "203.0.113.7"},
                             {"method", "POST"},
                             {"route", "/operator/session/{}"},
                             {"status", 200},
                             {"duration_ms", 1.5},
                             {"bytes_in", 5},
                             {"bytes_out", 11}}));
  CHECK(admitted == std::vector<bool>{true});
}

TEST_CASE_FIXTURE(Log, "a refusal has one line with its word, and no path") {
  answering([] { return StreamedResponse(HttpResponse(200), nullptr); });
  HttpRequest request = known(HttpRequest("GET", {}, "/invented/secret"));
  request.headers.add("x-refused", "forbidden");
  ask(*handler, request);
  const json line = only_line();
  CHECK(line.at("status") == 401);
  CHECK(line.at("error") == "forbidden");
  CHECK_FALSE(line.contains("route"));
  CHECK_FALSE(line.contains("principal"));
  CHECK(lines.front().find("secret") == std::string::npos);
  CHECK(admitted == std::vector<bool>{false});
}

TEST_CASE_FIXTURE(Log,
                  "a stream has one line at its end, whether its pieces are there or awaited") {
  bool waits = false;
  SUBCASE("there") {
    waits = false;
  }
  SUBCASE("awaited") {
    waits = true;
  }
  answering([waits] {
    std::unique_ptr<vx11::BodyStream> body =
        std::make_unique<FakeStream>(std::vector<std::string>{"one", "two"});
    if (waits) body = std::make_unique<AwaitedStream>(std::move(body));
    HttpResponse head(200, "text/event-stream", {});
    head.headers.add("X-Request-Id", "a-request-id-that-is-not-short");
    return StreamedResponse(std::move(head), std::move(body));
  });
  {
    auto asked = ask(*handler, known(post("/operator/chat/ask")));
    asked->request = HttpRequest();  // the server reuses it while the stream lasts
    CHECK(lines.empty());
    clock.advance(2s);
    CHECK(read_all(*asked->answer) == "onetwo");
    CHECK(lines.size() == 1);
  }
  const json line = only_line();
  CHECK(line.at("end") == "done");
  CHECK(line.at("bytes_out") == 6);
  CHECK(line.at("duration_ms") == 2000);
  CHECK(line.at("principal") == "anna");
  CHECK(line.at("peer") == "203.0.113.7");
  CHECK(line.at("method") == "POST");
  CHECK(line.at("route") == "/operator/chat/ask");
  CHECK(line.at("status") == 200);
  CHECK(line.at("time") == "2025-12-28T12:34:56.789Z");
  CHECK(line.at("request_id") == "a-request-id-that-is-not-short");
  CHECK(line.at("trace_id") == kTraceId);
}

TEST_CASE_FIXTURE(Log, "a stream that reports an error or is left says so") {
  bool fails = true;
  answering([&] {
    return StreamedResponse(
        HttpResponse(200, "text/event-stream", {}),
        std::make_unique<FakeStream>(
            std::vector<std::string>{"event: error\ndata: {\"status\":\"service_offline\"}\n\n"},
            fails));
  });
  { read_all(*ask(*handler, post("/operator/chat/ask"))->answer); }
  CHECK(json::parse(lines.at(0)).at("end") == "error");
  { ask(*handler, post("/operator/chat/ask")); }
  CHECK(json::parse(lines.at(1)).at("end") == "client_left");
  CHECK(lines.size() == 2);
}

TEST_CASE_FIXTURE(Log, "a handler that throws is answered 500, with the id of its line") {
  answering([]() -> StreamedResponse { throw std::runtime_error("defect"); });
  const HttpRequest request = post("/operator/chat/ask");
  const auto answer = vx11::sync_wait(handler->open(request, *handler->admit(request), {}));
  CHECK(answer.head.status == 500);
  CHECK(json::parse(answer.head.body).at("error") == "internal_server_error");
  CHECK(answer.head.headers.get("Cache-Control") == "no-store");
  const json line = only_line();
  CHECK(line.at("status") == 500);
  CHECK(line.at("error") == "internal_server_error");
  REQUIRE(line.at("request_id").get<std::string>().starts_with("req_"));
  CHECK(line.at("request_id") == answer.head.headers.get("X-Request-Id"));
}

TEST_CASE_FIXTURE(Log, "so is one that throws instead of admitting") {
  struct Throwing final : vx11::HttpHandler {
    tl::expected<vx11::HttpAdmission, HttpResponse> admit(const HttpRequest&) const override {
      throw std::runtime_error("defect");
    }
    Task<StreamedResponse> open(const HttpRequest&, const vx11::HttpAdmission&,
                                Deadline) const override {
      return Task<StreamedResponse>(StreamedResponse(HttpResponse(200), nullptr));
    }
    std::string_view route(std::string_view) const noexcept override { return {}; }
    void drain() noexcept override {}
  };
  around(Throwing());
  const auto refused = handler->admit(post("/operator/chat/ask"));
  REQUIRE_FALSE(refused);
  const json line = only_line();
  CHECK(line.at("status") == 500);
  CHECK(line.at("request_id") == refused.error().headers.get("X-Request-Id"));
}

TEST_CASE_FIXTURE(Log, "a chat names its target and how many were asked, and none of its texts") {
  operator_site::Site site;
  site.to_switch->then_fail(vx11::Errc::unreachable);
  site.to_madre->then_json(
      R"({"response":"the answer \"metadata\":{\"source\":\"liar\"","model":"m"})");
  around(site.api());
  ask(*handler,
      operator_site::Site::with_body(
          "POST", "/operator/chat/ask",
          R"({"message":"the question","session_id":"the-session","user_id":"the-user"})"));
  const json line = only_line();
  CHECK(line.at("route") == "/operator/chat/ask");
  CHECK(line.at("upstream") == "madre_fallback");
  CHECK(line.at("attempts") == 2);
  CHECK(fallbacks.front() == "switch_unreachable");
  CHECK(line.at("request_id").get<std::string>().starts_with("req_"));
  for (const std::string& text :
       {std::string("the answer"), std::string("the question"), std::string("the-session"),
        std::string("the-user"), operator_site::kToken}) {
    CHECK_MESSAGE(lines.front().find(text) == std::string::npos, text);
  }
}

TEST_CASE_FIXTURE(Log, "a completion names its target, too, also where all failed") {
  completions_site::Site site;
  site.to_local->then_json(
      R"({"created":1,"choices":[{"message":{"role":"assistant","content":"hi"}}],)"
      R"("vx11":{"source":"liar"}})");
  site.to_switch->then_fail(vx11::Errc::unreachable);
  site.to_madre->then_fail(vx11::Errc::unreachable);
  around(site.api());
  using Site = completions_site::Site;
  ask(*handler,
      Site::request("POST", completions_site::kPath, Site::chat("", completions_site::kToLocal)));
  CHECK(json::parse(lines.at(0)).at("route") == "/v1/chat/completions");
  CHECK(json::parse(lines.at(0)).at("upstream") == "local");
  CHECK(json::parse(lines.at(0)).at("attempts") == 1);
  ask(*handler, Site::request("POST", completions_site::kPath, Site::chat()));
  CHECK(json::parse(lines.at(1)).at("status") == 503);
  CHECK(json::parse(lines.at(1)).at("error") == "unreachable");
  Site other;
  other.to_switch->then_fail(vx11::Errc::unreachable);
  other.to_madre->then_json(R"({"response":"hi"})");
  around(other.api());
  ask(*handler, Site::request("POST", completions_site::kPath, Site::chat()));
  CHECK(fallbacks.front().empty());
  CHECK(fallbacks.back() == "switch_unreachable");
}

TEST_CASE_FIXTURE(Log, "what a handler says of its answer counts, not what the answer looks like") {
  struct Saying final : vx11::HttpHandler {
    tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest&) const override {
      HttpAdmission::Match match;
      match.pattern = "/v1/{}";
      return HttpAdmission(*this, 1024, std::move(match));
    }
    Task<StreamedResponse> open(const HttpRequest&, const HttpAdmission& admission,
                                Deadline) const override {
      vx11::AnswerOrigin* const origin = admission.origin();
      REQUIRE(origin != nullptr);
      *origin = {.source = "local", .fallback = "switch_open", .attempts = 3, .is_known = true};
      HttpResponse answer(200, "application/json", R"({"vx11":{"source":"liar","attempts":[]}})");
      return StreamedResponse(std::move(answer), nullptr);
    }
  };
  around(Saying());
  const HttpRequest request = post("/v1/embeddings");
  const auto admission = handler->admit(request);
  vx11::sync_wait(handler->open(request, *admission, {}));
  const json line = only_line();
  CHECK(line.at("route") == "/v1/{}");
  CHECK(line.at("upstream") == "local");
  CHECK(line.at("attempts") == 3);
  CHECK(fallbacks.front() == "switch_open");
  CHECK(admission->origin() == nullptr);
}

TEST_CASE("lines are added to a buffer, also long ones with escapes") {
  vx11::RequestRecord record;
  const std::string principal(1000, '"');
  const std::string id = "r\xff\\1";
  record.principal = principal;
  record.request_id = id;
  record.status = 200;
  record.duration = 1234567us;
  record.source = "madre";
  std::string lines = "before\n";
  append_json_line(lines, record);
  lines += '\n';
  append_json_line(lines, record);
  CHECK(lines == "before\n" + to_json_line(record) + "\n" + to_json_line(record));
  const json line = json::parse(to_json_line(record));
  CHECK(line.at("principal") == principal);
  CHECK(line.at("request_id") == "r\xef\xbf\xbd\\1");
  CHECK(line.at("duration_ms") == 1234.567);
  CHECK(line.at("upstream") == "madre");
}

TEST_CASE_FIXTURE(Log, "traceparent is taken over by the letter of the recommendation") {
  answering([] { return StreamedResponse(HttpResponse(200), nullptr); });
  const std::string parent = "-00f067aa0ba902b7-01";
  const std::vector<std::pair<std::string, bool>> cases = {
      {kParent, true},
      {"cc-" + kTraceId + parent, true},
      {"cc-" + kTraceId + parent + "-more", true},
      {"cc-" + kTraceId + parent + ".more", false},
      {kParent + "-more", false},
      {"ff-" + kTraceId + parent, false},
      {"00-" + std::string(32, '0') + parent, false},
      {"00-" + kTraceId + "-0000000000000000-01", false},
      {"00-4BF92F3577B34DA6A3CE929D0E0E4736" + parent, false},
      {"00-" + kTraceId + "-00f067aa0ba902b7-0x", false},
      {"00", false},
      {std::string(55, '"'), false}};
  for (const auto& [text, is_valid] : cases) {
    const auto& case_text = text;  // clang 14 captures no structured binding
    CAPTURE(case_text);
    HttpRequest request = post("/operator/chat/ask");
    request.headers.add("traceparent", text);
    ask(*handler, request);
    CHECK(json::parse(lines.back()).contains("trace_id") == is_valid);
  }
}

TEST_CASE_FIXTURE(Log, "the time is right within a second, and after it") {
  answering([] { return StreamedResponse(HttpResponse(200), nullptr); });
  const char* const times[] = {"2025-12-28T12:34:56.789Z", "2025-12-28T12:34:56.794Z",
                               "2025-12-28T12:34:57.000Z", "2025-12-29T12:34:57.007Z"};
  const vx11::Duration steps[] = {0ms, 5ms, 206ms, 24h + 7ms};
  for (std::size_t i = 0; i < std::size(times); ++i) {
    clock.advance(steps[i]);
    ask(*handler, post("/operator/chat/ask"));
    CHECK(json::parse(lines.back()).at("time") == times[i]);
  }
}

TEST_CASE_FIXTURE(Log, "what clients invent does not break or bloat a line") {
  answering([] { return StreamedResponse(HttpResponse(200), nullptr); });
  HttpRequest request(std::string(5000, 'M'), {}, "/\"\\\n" + std::string(5000, 'p'));
  request.headers.add("x-who", "a\"b\\c\n\x01");
  ask(*handler, request);
  const json line = only_line();
  CHECK(line.at("principal") == "a\"b\\c\n\x01");
  CHECK(lines.front().size() < 300);
  CHECK(lines.front().find('\n') == std::string::npos);
}
