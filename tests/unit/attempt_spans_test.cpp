// The spans of the attempts of a chat.

#include <vx11/dialect/openai.hpp>
#include <vx11/tracing.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "router_upstreams.hpp"
#include "traced_site.hpp"

using namespace traced_site;

namespace {

/// switch and madre, asked for a chat that is traced.
struct TracedRouter : router_upstreams::Upstreams {
  explicit TracedRouter(TracerOptions options = {.ratio = 1}) : traced(std::move(options)) {}

  vx11::Result<vx11::ChatReply, vx11::ChatFailure> ask(const std::string& caller = {}) {
    ChatRequest asked = router_upstreams::chat();
    asked.trace = traced.begin(caller, caller.empty() ? "" : "v=1");
    last = asked.trace->own();
    return router_.ask(asked);
  }
  std::vector<Span> spans() const { return traced.spans->take_all(); }

  Traced traced;
  Router router_ = router();
  vx11::TraceParent last = {};
};

}  // namespace

TEST_CASE_FIXTURE(TracedRouter, "each attempt is a span, whose id its upstream gets") {
  primary->then_fail(Errc::timeout);
  fallback->then_json(router_upstreams::kMadreSays);
  REQUIRE(ask(parent("00", "01")));
  const auto spans = this->spans();
  REQUIRE(spans.size() == 2);
  const std::vector<std::shared_ptr<ScriptedTransport>> upstreams = {primary, fallback};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    CHECK(spans[i].parent_id == last.span_id);
    CHECK(spans[i].trace_id == last.trace_id);
    const auto sent = upstreams[i]->requests().at(0).headers;
    const auto context = vx11::read_trace_context(sent);
    REQUIRE(context.parent);
    CHECK(context.parent->span_id == spans[i].span_id);
    CHECK(context.parent->trace_id == last.trace_id);
    CHECK(context.parent->is_sampled());
    CHECK(context.state == "v=1");
  }
  CHECK(spans[0].has_failed);
  CHECK(text(spans[0], "error.type") == "timeout");
  CHECK(text(spans[0], "vx11.target") == "switch");
  CHECK(text(spans[0], "server.address") == "switch");
  CHECK(number(spans[0], "server.port") == 8002);
  CHECK_FALSE(spans[1].has_failed);
  CHECK(text(spans[1], "vx11.outcome") == "answered");
  CHECK(events(spans[1]) == std::vector<std::string_view>{"vx11.fallback"});
  CHECK(spans[1].name == "chat");
}

TEST_CASE_FIXTURE(TracedRouter, "breakers that open and reject are events") {
  for (int i = 0; i < 3; ++i) primary->then_fail(Errc::unreachable);
  for (int i = 0; i < 4; ++i) fallback->then_json(router_upstreams::kMadreSays);
  for (int i = 0; i < 2; ++i) REQUIRE(ask());
  static_cast<void>(spans());
  REQUIRE(ask());
  const auto opening = spans();
  REQUIRE(opening.size() == 2);
  REQUIRE(events(opening[0]) == std::vector<std::string_view>{"vx11.breaker.transition"});
  const auto& change = opening[0].events[0].attributes;
  CHECK(std::get<std::string>(change.at(0).value) == "closed");
  CHECK(std::get<std::string>(change.at(1).value) == "open");
  REQUIRE(ask());
  const auto rejected = spans();
  REQUIRE(rejected.size() == 2);
  CHECK(events(rejected[0]) == std::vector<std::string_view>{"vx11.breaker.rejected"});
  CHECK(text(rejected[0], "error.type") == "circuit_open");
}

TEST_CASE("of a trace that is not sampled an answer leaves no span") {
  TracedRouter site({.ratio = 0});
  site.primary->then_json(router_upstreams::kSwitchSays).then_fail(Errc::unreachable);
  site.fallback->then_json(router_upstreams::kMadreSays);
  REQUIRE(site.ask());
  CHECK(site.spans().empty());
  REQUIRE(site.ask());  // the fallback has answered: no failure
  CHECK(site.spans().empty());
}

namespace {

/// A transport for shadows, which must not block.
class Recording final : public vx11::Transport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }
  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request, Deadline) override {
    requests.push_back(request);
    co_return HttpResponse(200, "application/json", router_upstreams::kSwitchSays);
  }

  std::vector<HttpRequest> requests = {};
};

}  // namespace

TEST_CASE("a copy of a chat for a shadow belongs to no trace") {
  router_upstreams::Upstreams site;
  const auto shadow = std::make_shared<Recording>();
  auto options = site.options();
  options.shadow.emplace();
  options.shadow->target = router_upstreams::target("shadow", "http://shadow:1");
  options.shadow->target.dialect = vx11::switch_dialect();
  options.shadow->target.transport = shadow;
  options.shadow->share = 1;
  site.primary->then_json(router_upstreams::kSwitchSays);
  const Traced traced;
  ChatRequest asked = router_upstreams::chat();
  asked.trace = traced.begin();
  const auto router = Router::create(options);
  REQUIRE_MESSAGE(router, router.error().detail);
  REQUIRE(router->ask(asked));
  REQUIRE(shadow->requests.size() == 1);
  CHECK_FALSE(shadow->requests.at(0).headers.contains("traceparent"));
}

TEST_CASE("the model, its tokens and its provider are those of the conventions") {
  router_upstreams::Upstreams site;
  const Traced traced;
  auto options = site.options();
  options.targets[0].dialect = vx11::openai_dialect({.model = "gpt-x"}).value();
  options.targets.pop_back();
  const auto router = Router::create(options).value();
  site.primary->then_json(
      R"({"model":"gpt-x-2","choices":[{"message":{"content":"hi"},"finish_reason":"length"}],)"
      R"("usage":{"prompt_tokens":7,"completion_tokens":3}})");
  ChatRequest asked = router_upstreams::chat();
  asked.trace = traced.begin();
  REQUIRE(router.ask(asked));
  asked.trace.reset();
  const Span span = only(traced.spans->take_all(), vx11::SpanKind::client);
  CHECK(span.name == "chat gpt-x");
  CHECK(text(span, "gen_ai.operation.name") == "chat");
  CHECK(text(span, "gen_ai.provider.name") == "openai");
  CHECK(text(span, "gen_ai.request.model") == "gpt-x");
  CHECK(text(span, "gen_ai.response.model") == "gpt-x-2");
  CHECK(number(span, "gen_ai.usage.input_tokens") == 7);
  CHECK(number(span, "gen_ai.usage.output_tokens") == 3);
  const auto* const reasons = find(span, "gen_ai.response.finish_reasons");
  REQUIRE(reasons != nullptr);
  CHECK(std::get<std::vector<std::string>>(*reasons) == std::vector<std::string>{"length"});
}
