// What requests leave out of a client's body, and how often a router has it read.

#include "router_upstreams.hpp"
#include "translating_dialects.hpp"

using namespace router_upstreams;
using Names = std::vector<std::string>;
using vx11::AnswerForm;

namespace {

ChatRequest completion(std::string members = R"("seed":1,"user":"me")") {
  ChatRequest made = chat();
  made.completion_json = R"({"messages":[{"role":"user","content":"hello"}],)" + members + "}";
  return made;
}

/// Counts its calls; leaves out `name`.
class CountingDialect : public vx11::ChatDialect {
 public:
  explicit CountingDialect(std::string name) : name_(std::move(name)) {}

  vx11::Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const override {
    ++asks;
    return vx11::switch_dialect()->ask(chat, form);
  }
  vx11::Result<vx11::ChatAnswer> read(const HttpResponse& response) const override {
    return vx11::switch_dialect()->read(response);
  }
  Names ignored_members(const ChatRequest&) const override {
    ++reports;
    if (name_.empty()) throw std::runtime_error("scripted");
    return {name_};
  }

  mutable int asks = 0;
  mutable int reports = 0;

 private:
  std::string name_;
};

/// The same in one call.
class EncodingDialect final : public CountingDialect {
 public:
  using CountingDialect::CountingDialect;
  vx11::Result<vx11::EncodedChat> encode(const ChatRequest& chat, AnswerForm form) const override {
    ++encodings;
    auto request = vx11::switch_dialect()->ask(chat, form);
    return vx11::EncodedChat(*std::move(request), {"together"});
  }
  mutable int encodings = 0;
};

struct Site {
  Router router(std::shared_ptr<const vx11::ChatDialect> first,
                std::shared_ptr<const vx11::ChatDialect> second) {
    RouterOptions options = up.options();
    options.targets[0].dialect = std::move(first);
    options.targets[1].dialect = std::move(second);
    return Router::create(options).value();
  }
  Upstreams up = {};
};

}  // namespace

TEST_CASE("a dialect that encodes is called once for request and report") {
  Site site;
  site.up.primary->then_json(kSwitchSays);
  const auto dialect = std::make_shared<EncodingDialect>("apart");
  const auto reply = site.router(dialect, nullptr).ask(completion());
  REQUIRE(reply);
  CHECK(reply->ignored == Names{"together"});
  CHECK(dialect->encodings == 1);
  CHECK(dialect->asks + dialect->reports == 0);
}

TEST_CASE("the report is that of the target that answers, whole and streamed") {
  for (const bool streamed : {false, true}) {
    Site site;
    site.up.primary->then_fail(Errc::unreachable);
    site.up.fallback->then_json(kSwitchSays);
    const Router router = site.router(std::make_shared<CountingDialect>("first"),
                                      std::make_shared<CountingDialect>("second"));
    const Names ignored = streamed
                              ? vx11::sync_wait(router.async_stream(completion())).value().ignored()
                              : router.ask(completion()).value().ignored;
    CHECK(ignored == Names{"second"});
  }
}

TEST_CASE("a report that throws is empty, and a chat that is no completion has none") {
  for (const ChatRequest& each : {completion(), chat()}) {
    Site site;
    site.up.primary->then_json(kSwitchSays);
    const auto dialect = std::make_shared<CountingDialect>("");
    const auto reply = site.router(dialect, nullptr).ask(each);
    REQUIRE(reply);
    CHECK(reply->source == "switch");
    CHECK(reply->ignored.empty());
    CHECK(dialect->reports == (each.completion_json.empty() ? 0 : 1));
  }
}

TEST_CASE("translating dialects encode what they ask and report apart") {
  for (const auto& dialect : {translating_dialects::ollama(), translating_dialects::anthropic()}) {
    for (const ChatRequest& each : {completion(), completion(R"("n":2)"), chat()}) {
      const auto encoded = dialect->encode(each, AnswerForm::stream);
      const auto request = dialect->ask(each, AnswerForm::stream);
      REQUIRE(encoded.has_value() == request.has_value());
      if (!encoded) {
        CHECK(encoded.error().detail == request.error().detail);
        continue;
      }
      CHECK(encoded->request.target == request->target);
      CHECK(encoded->request.body == request->body);
      CHECK(encoded->ignored == dialect->ignored_members(each));
    }
  }
}
