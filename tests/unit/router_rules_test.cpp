// Fallback by kind: answers that end the chain, and answers that lead to a certain step.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_group.hpp"
#include "streaming_script.hpp"

using namespace router_upstreams;
using Names = std::vector<std::string>;

namespace {

/// Steps `small`, the group `g` of two, and `large`.
struct Chain : Group {
  Chain() : Group(2) {
    RouterTarget small = options.targets.back();
    small.name = "small";
    small.transport = small_;
    options.targets.insert(options.targets.begin(), small);
    options.targets.back().name = "large";
    last().then_json(body("from large"));
  }
  ScriptedTransport& small() { return *small_; }

 private:
  std::shared_ptr<ScriptedTransport> small_ = std::make_shared<ScriptedTransport>(clock);
};

/// Refuses every stream, and records until when the body is read.
class RefusedStream final : public vx11::StreamingTransport {
 public:
  explicit RefusedStream(int status) : status_(status) {}

  vx11::Task<vx11::Result<HttpResponse>> send(const vx11::HttpRequest&, vx11::Deadline) override {
    co_return vx11::fail(Errc::unreachable, "only streams");
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const vx11::HttpRequest&,
                                                        vx11::Deadline) override {
    co_return vx11::StreamedResponse(refusal(status_), std::make_unique<Body>(*this));
  }
  /// The epoch: it was not read.
  vx11::TimePoint read_until() const { return read_until_; }

 private:
  struct Body final : vx11::BodyStream {
    explicit Body(RefusedStream& of) : stream(of) {}
    vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
      stream.read_until_ = deadline.at();
      co_return std::string();
    }
    RefusedStream& stream;
  };

  int status_;
  vx11::TimePoint read_until_ = {};
};

const std::string kTooLong =
    R"({"error":{"message":"This model's maximum context length is 4096 tokens.",)"
    R"("type":"invalid_request_error","code":"context_length_exceeded"}})";
const std::string kRefused = R"({"error":{"code":"content_filter","message":"filtered"}})";

}  // namespace

TEST_CASE("a final status ends the chain with the error of its target") {
  Chain chain;
  chain.options.fallback_rules = {{.statuses = {400, 422}}};
  chain.small().then_fail(Errc::unreachable);
  chain.at(0).then(refusal(422));
  const Router router = chain.router();
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(names(failed.error().attempts) == Names{"small", "g1"});
  CHECK(failed.error().code == Errc::http_status);
  CHECK(failed.error().upstream == "g1");
  CHECK(failed.error().detail == "HTTP status 422");
  CHECK(failures(router, "g1") == 0);
}

TEST_CASE("other statuses fall back as without rules") {
  Chain chain;
  chain.options.fallback_rules = {{.statuses = {400, 422}}};
  chain.small().then(refusal(404));
  chain.at(0).then(refusal(500));
  chain.at(1).then(refusal(429));
  const auto reply = chain.router().ask(chat());
  REQUIRE(reply);
  CHECK(names(reply->attempts) == Names{"small", "g1", "g2", "large"});
}

TEST_CASE("a chat that is too long for a target goes to the step named for it") {
  Chain chain;
  chain.options.fallback_rules = {{.matches = vx11::says_context_too_long, .next = "large"},
                                  {.statuses = {400}}};
  SUBCASE("and the steps between are passed by") {
    chain.small().then(refusal(400, kTooLong));
    CHECK(names(chain.router().ask(chat())->attempts) == Names{"small", "large"});
  }
  SUBCASE("and so are the other targets of its group") {
    chain.small().then_fail(Errc::unreachable);
    chain.at(0).then(refusal(400, kTooLong));
    CHECK(names(chain.router().ask(chat())->attempts) == Names{"small", "g1", "large"});
  }
  SUBCASE("the first rule that applies counts") {
    chain.small().then(refusal(400, kRefused));
    CHECK(names(chain.router().ask(chat()).error().attempts) == Names{"small"});
  }
}

TEST_CASE("chosen statuses lead to a group by its name") {
  Chain chain;
  chain.options.fallback_rules = {{.statuses = {404}, .next = "g"}};
  chain.small().then(refusal(404));
  chain.at(0).then_json(Group::body("from g1"));
  CHECK(chain.router().ask(chat())->source == "g1");
}

TEST_CASE("a rule never leads back, so a chain ends") {
  Chain chain;
  chain.options.fallback_rules = {{.statuses = {404}, .next = "small"}};
  chain.small().then(refusal(404));
  chain.at(0).then(refusal(404));
  chain.at(1).then(refusal(404));
  const auto reply = chain.router().ask(chat());
  REQUIRE(reply);
  CHECK(names(reply->attempts) == Names{"small", "g1", "g2", "large"});
}

TEST_CASE("rules apply to streams, whose refusals are read for a condition") {
  Chain chain;
  chain.options.fallback_rules = {{.matches = vx11::says_context_too_long, .next = "large"}};
  chain.options.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{kTooLong.substr(0, 20), kTooLong.substr(20)}, "application/json",
      400);
  const auto opened = vx11::sync_wait(chain.router().async_stream(chat()));
  REQUIRE(opened);
  CHECK(names(opened->attempts()) == Names{"small", "large"});
}

TEST_CASE("a stream's refusal is read only for a condition that covers its status") {
  Chain chain;
  chain.options.fallback_rules = {
      {.statuses = {400}, .matches = vx11::says_context_too_long, .next = "large"}};
  const auto stream = std::make_shared<RefusedStream>(400);
  const auto unread = std::make_shared<RefusedStream>(500);
  const auto ask = [&](const std::shared_ptr<RefusedStream>& first) {
    chain.options.targets[0].transport = first;
    REQUIRE(vx11::sync_wait(chain.router().async_stream(chat())).has_value());
  };
  chain.all_say("fine");
  ask(unread);
  CHECK(unread->read_until() == vx11::TimePoint());
  ask(stream);
  CHECK(stream->read_until() == chain.clock.now() + 2s);
}

TEST_CASE("a final answer ends a race, and the slow target is overtaken") {
  ManualTime time;
  Group group(1);
  const auto slow = std::make_shared<HeldUpstream>();
  const auto beside = std::make_shared<HeldUpstream>();
  group.options.targets[0].transport = slow;
  group.options.targets[1].transport = beside;
  group.options.clock = time.clock;
  group.options.timer = time.timer;
  group.options.fallback_rules = {{.statuses = {422}}};
  const Router router = group.router();
  Started asking(router.async_ask(chat()));
  time.timer->advance(4s);
  REQUIRE(beside->calls() == 1);
  beside->end(0, refusal(422));
  REQUIRE(asking.done());
  const auto failed = asking.take();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().upstream == "last");
  CHECK(failed.error().detail == "HTTP status 422");
  CHECK(outcomes(failed.error().attempts) ==
        std::vector<Outcome>{Outcome::overtaken, Outcome::error});
  slow->end_all();
}

TEST_CASE("a condition that throws does not apply") {
  Chain chain;
  chain.options.fallback_rules = {{.matches = [](const HttpResponse&) -> bool { throw 1; }}};
  chain.small().then(refusal(400));
  chain.at(0).then_json(Group::body("fine"));
  CHECK(chain.router().ask(chat())->source == "g1");
}

TEST_CASE("rules work without groups") {
  Upstreams up;
  RouterOptions options = up.options();
  options.fallback_rules = {{.matches = vx11::says_content_refused}};
  up.primary->then(refusal(400, kRefused));
  const auto failed = Router::create(options)->ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().upstream == "switch");
  CHECK(up.fallback->calls() == 0);
}

TEST_CASE("what upstreams say about a context that is too long") {
  using vx11::says_content_refused;
  using vx11::says_context_too_long;
  CHECK(says_context_too_long(refusal(400, kTooLong)));
  CHECK(says_context_too_long(
      refusal(400, R"({"error":{"code":400,"type":"exceed_context_size_error","n_ctx":4096}})")));
  CHECK(says_context_too_long(refusal(
      400,
      R"({"type":"error","error":{"message":"prompt is too long: 208310 tokens > 200000"}})")));
  CHECK_FALSE(says_context_too_long(refusal(400, kRefused)));
  CHECK_FALSE(says_context_too_long(refusal(500, kTooLong)));
  CHECK_FALSE(says_context_too_long(HttpResponse(200, "application/json", kTooLong)));
  CHECK_FALSE(says_context_too_long(refusal(400)));
  CHECK(says_content_refused(refusal(400, kRefused)));
  CHECK(says_content_refused(
      refusal(400, R"({"innererror":{"code":"ResponsibleAIPolicyViolation"}})")));
  CHECK_FALSE(says_content_refused(refusal(400, kTooLong)));
}

TEST_CASE("the words of each server for a context that is too long") {
  for (const char* words : {
           "The decoder prompt (length 9001) is longer than the maximum model length of 8192.",
           "The input (9001 tokens) is longer than the model's context length (8192 tokens).",
           "the input length exceeds the context length",
           "request (9001 tokens) exceeds the available context size (8192 tokens)",
           "The number of tokens to keep from the initial prompt is greater than the context "
           "length",
           "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 1",
           "Input validation error: `inputs` must have less than 8192 tokens. Given: 9001",
           "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
       }) {
    INFO(words);
    CHECK(vx11::says_context_too_long(refusal(400, words)));
    CHECK(vx11::says_context_too_long(refusal(422, words)));
    CHECK_FALSE(vx11::says_content_refused(refusal(400, words)));
  }
  CHECK_FALSE(vx11::says_context_too_long(refusal(400, "max_tokens must be at least 1, got -186")));
}

TEST_CASE("what Anthropic says when its filter refuses an answer") {
  const auto refused = refusal(400, R"({"type":"error","error":{"type":"invalid_request_error",)"
                                    R"("message":"Output blocked by content filtering policy"}})");
  CHECK(vx11::says_content_refused(refused));
  CHECK_FALSE(vx11::says_context_too_long(refused));
}

TEST_CASE("mistakes in rules are named") {
  const auto mistakes = [](vx11::FallbackRule rule) {
    Chain chain;
    chain.options.fallback_rules = {std::move(rule)};
    const auto router = Router::create(chain.options);
    return router ? std::string() : router.error().detail;
  };
  CHECK(mistakes({.statuses = {400}, .next = "g"}).empty());
  CHECK(mistakes({}) ==
        "fallback rule 1: neither statuses nor a condition: it would apply to every error");
  CHECK(mistakes({.statuses = {99, 200, 404, 600}}) ==
        "fallback rule 1: status 99 is not one of 100 to 599 outside 2xx; "
        "fallback rule 1: status 200 is not one of 100 to 599 outside 2xx; "
        "fallback rule 1: status 600 is not one of 100 to 599 outside 2xx");
  CHECK(mistakes({.statuses = {400}, .next = "g1"}) ==
        "fallback rule 1: \"g1\" is neither a group nor a target without a group");
}
