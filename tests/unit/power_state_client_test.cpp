#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::InProcessTransport;
using vx11::PowerStateClient;
using vx11::PowerStateView;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;
using Reply = vx11::Result<vx11::MadreReply>;

namespace {

constexpr const char* kOrigin = "http://madre:8001";
constexpr const char* kSolo =
    R"({"policy":"solo_madre","window_id":null,"active_services":["madre","redis"]})";

/// A client on a scripted madre, a manual clock and a breaker.
struct Madre {
  ManualClock clock = {};
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions{}, clock);

  PowerStateClient client() const {
    vx11::PowerOptions options = {.breaker = breaker, .clock = clock};
    options.headers.add("x-vx11-token", "t0ken");
    return PowerStateClient(transport, kOrigin, options);
  }
  std::uint32_t failures() const { return breaker->snapshot().failures; }
};

HttpResponse json(int status, std::string body) {
  return HttpResponse(status, "application/json", std::move(body));
}

/// The request that `command` makes of madre.
HttpRequest sent_by(const std::function<Reply(const PowerStateClient&)>& command) {
  Madre madre;
  madre.transport->then_json(R"({"done":true})");
  const Reply reply = command(madre.client());
  REQUIRE(reply);
  CHECK(reply->ok());
  CHECK(reply->json == R"({"done":true})");
  REQUIRE(madre.transport->calls() == 1);
  return madre.transport->requests()[0];
}

/// The error of `command`, which must not have reached madre.
vx11::Error refused(const std::function<Reply(const PowerStateClient&)>& command) {
  Madre madre;
  const Reply reply = command(madre.client());
  REQUIRE_FALSE(reply);
  CHECK(madre.transport->calls() == 0);
  CHECK(madre.failures() == 0);
  return reply.error();
}

const std::vector<std::function<Reply(const PowerStateClient&)>> kCommands = {
    [](const PowerStateClient& madre) { return madre.status(); },
    [](const PowerStateClient& madre) { return madre.solo_madre_status(); },
    [](const PowerStateClient& madre) { return madre.apply_solo_madre(); },
    [](const PowerStateClient& madre) { return madre.open_window({.services = {"switch"}}); },
    [](const PowerStateClient& madre) { return madre.close_window(); },
    [](const PowerStateClient& madre) { return madre.start("switch"); },
    [](const PowerStateClient& madre) { return madre.stop("switch"); },
    [](const PowerStateClient& madre) { return madre.restart("switch"); },
};

}  // namespace

TEST_CASE("the state is one GET, with the headers of the description") {
  Madre madre;
  madre.transport->then_json(kSolo);
  const auto state = madre.client().state();
  REQUIRE(state);
  CHECK(state->running == std::vector<std::string>{"madre", "tentaculo_link", "redis"});
  REQUIRE(madre.transport->calls() == 1);
  const HttpRequest sent = madre.transport->requests()[0];
  CHECK(sent.method == "GET");
  CHECK(sent.origin == kOrigin);
  CHECK(sent.target == "/madre/power/state");
  CHECK(sent.headers.get("x-vx11-token") == "t0ken");
  CHECK_FALSE(sent.headers.contains("content-type"));
  CHECK(sent.body.empty());
}

TEST_CASE("each command is one request, on madre's own path") {
  struct Row {
    std::size_t command;
    const char* method;
    const char* target;
    const char* body;
  };
  for (const Row& row :
       std::vector<Row>{{0, "GET", "/madre/power/status", ""},
                        {1, "GET", "/madre/power/policy/solo_madre/status", ""},
                        {2, "POST", "/madre/power/policy/solo_madre/apply", "{}"},
                        {3, "POST", "/madre/power/window/open",
                         R"({"services":["switch"],"mode":"ttl","ttl_sec":300,"reason":""})"},
                        {4, "POST", "/madre/power/window/close", "{}"},
                        {5, "POST", "/madre/power/service/switch/start", "{}"},
                        {6, "POST", "/madre/power/service/switch/stop", "{}"},
                        {7, "POST", "/madre/power/service/switch/restart", "{}"}}) {
    const HttpRequest sent = sent_by(kCommands[row.command]);
    CHECK(sent.method == row.method);
    CHECK(sent.origin == kOrigin);
    CHECK(sent.target == row.target);
    CHECK(sent.body == row.body);
    CHECK(sent.headers.get("x-vx11-token") == "t0ken");
    CHECK(sent.headers.get("accept") == "application/json");
    CHECK(sent.headers.count("content-type") == (sent.body.empty() ? 0 : 1));
  }
}

TEST_CASE("a window says its services, its ttl and its reason") {
  const HttpRequest sent = sent_by([](const PowerStateClient& madre) {
    return madre.open_window(
        {.services = {"switch", "hermes"}, .ttl = 90s, .reason = "a \"demo\"\n"});
  });
  CHECK(nlohmann::json::parse(sent.body) ==
        nlohmann::json::parse(R"({"services":["switch","hermes"],"mode":"ttl","ttl_sec":90,
                                  "reason":"a \"demo\"\n"})"));
}

TEST_CASE("a window without a ttl is held open") {
  const HttpRequest sent = sent_by([](const PowerStateClient& madre) {
    return madre.open_window({.services = {"switch"}, .ttl = std::nullopt});
  });
  CHECK(sent.body == R"({"services":["switch"],"mode":"hold","reason":""})");
}

TEST_CASE("a window is closed by its id") {
  const HttpRequest sent =
      sent_by([](const PowerStateClient& madre) { return madre.close_window("win-\"1"); });
  CHECK(sent.body == R"({"window_id":"win-\"1"})");
}

TEST_CASE("what cannot be meant is refused before madre is asked") {
  const auto open = [](vx11::WindowRequest window) {
    return refused([&](const PowerStateClient& madre) { return madre.open_window(window); });
  };
  CHECK(open({}).detail == "a window needs at least one service");
  CHECK(open({.services = {"switch", "nonsense"}}).detail == "unknown service");
  CHECK(open({.services = {"switch"}, .ttl = 0s}).detail == "ttl must be at least a second");
  CHECK(open({.services = {"switch"}, .ttl = -5s}).code == Errc::invalid_argument);
  for (const char* name : {"", "nonsense", "switch/../madre", "switch?x", "Switch"}) {
    for (const auto& error :
         {refused([&](const PowerStateClient& madre) { return madre.start(name); }),
          refused([&](const PowerStateClient& madre) { return madre.stop(name); }),
          refused([&](const PowerStateClient& madre) { return madre.restart(name); })}) {
      CHECK(error.code == Errc::invalid_argument);
      CHECK(error.detail == "unknown service");
    }
  }
}

namespace {

const std::string kConfirmed = R"({"apply":true,"confirm":"I_UNDERSTAND_THIS_STOPS_SERVICES"})";

}  // namespace

TEST_CASE("with a power key a command that is to be applied is sent with a token of madre's") {
  Madre madre;
  madre.transport->then_json(R"({"status":"ok","token":"t-1"})").then_json(R"({"status":"ok"})");
  const PowerStateClient client(madre.transport, kOrigin,
                                {.power_key = "k-1", .clock = madre.clock});
  const vx11::ServiceOrder order(kConfirmed);
  CHECK(sync_wait(client.async_stop("switch", order))->json == R"({"status":"ok"})");
  REQUIRE(madre.transport->calls() == 2);
  CHECK(madre.transport->requests()[0].target == "/madre/power/token");
  const HttpRequest sent = madre.transport->requests()[1];
  CHECK(sent.target == "/madre/power/service/switch/stop");
  CHECK(sent.body == order.json);
  CHECK(sent.headers.get("X-VX11-Power-Key") == "k-1");
  CHECK(sent.headers.get("X-VX11-Power-Token") == "t-1");
}

TEST_CASE("the power key is not used for a plan, nor for a caller with a token") {
  Madre madre;
  madre.transport->then_json("{}");
  const PowerStateClient client(madre.transport, kOrigin,
                                {.power_key = "k-1", .clock = madre.clock});
  vx11::ServiceOrder own(kConfirmed);
  own.headers.set("X-VX11-Power-Token", "theirs");
  for (const vx11::ServiceOrder& order :
       {vx11::ServiceOrder(), vx11::ServiceOrder(R"({"apply":"true it is"})"),
        vx11::ServiceOrder(R"({"apply":true})"),
        vx11::ServiceOrder(R"({"apply":true,"confirm":"yes"})"), own}) {
    CHECK(sync_wait(client.async_stop("switch", order)));
    CHECK_FALSE(madre.transport->requests().back().headers.contains("X-VX11-Power-Key"));
  }
  CHECK(madre.transport->calls() == 5);
}

TEST_CASE("without a token no command is sent") {
  for (const auto& [answer, code] :
       {std::pair{json(200, "{}"), Errc::invalid_reply}, {json(500, "x"), Errc::http_status}}) {
    Madre madre;
    madre.transport->then(answer);
    const PowerStateClient client(madre.transport, kOrigin,
                                  {.power_key = "k-1", .clock = madre.clock});
    const vx11::ServiceOrder order(kConfirmed);
    CHECK(sync_wait(client.async_stop("switch", order)).error().code == code);
    CHECK(madre.transport->calls() == 1);
  }
}

TEST_CASE("a refusal by madre is an answer, and neutral") {
  for (const auto& command : kCommands) {
    Madre madre;
    madre.transport->then(json(409, R"({"detail":"a window is open already"})"));
    const Reply reply = command(madre.client());
    REQUIRE(reply);
    CHECK_FALSE(reply->ok());
    CHECK(reply->status == 409);
    CHECK(reply->json == R"({"detail":"a window is open already"})");
    CHECK(madre.failures() == 0);
  }
}

TEST_CASE("a state that madre refuses to tell is an error, and neutral") {
  Madre madre;
  madre.transport->then(json(403, R"({"error":"forbidden"})"));
  const auto state = madre.client().state();
  REQUIRE_FALSE(state);
  CHECK(state.error() == vx11::Error(Errc::http_status, "HTTP status 403", "madre"));
  CHECK(madre.failures() == 0);
}

TEST_CASE("each way to fail is an error in our own words, and counts") {
  struct Row {
    vx11::Result<HttpResponse> answer;
    Errc code;
    const char* detail;
    std::uint64_t command_failures = 1;  ///< JSON of another kind says nothing about madre.
  };
  const std::vector<Row> rows = {
      {vx11::fail(Errc::unreachable, "secret"), Errc::unreachable, "no connection"},
      {vx11::fail(Errc::timeout, "secret"), Errc::timeout, "no answer within 2s"},
      {vx11::fail(Errc::too_large, "secret"), Errc::too_large, "the answer is too large"},
      {json(500, "secret"), Errc::http_status, "HTTP status 500"},
      {json(503, R"({"secret":1})"), Errc::http_status, "HTTP status 503"},
      {json(302, "{}"), Errc::http_status, "HTTP status 302"},
      {json(200, "<html>"), Errc::invalid_reply, nullptr},
      {json(200, ""), Errc::invalid_reply, nullptr},
      {json(200, "[1]"), Errc::invalid_reply, nullptr, 0},
      {json(200, "{\"cut\":"), Errc::invalid_reply, nullptr},
  };
  const auto check = [](const vx11::Error& error, const Row& row) {
    CHECK(error.code == row.code);
    CHECK(error.upstream == "madre");
    CHECK(error.detail.find("secret") == std::string::npos);
    if (row.detail != nullptr) CHECK(error.detail == row.detail);
  };
  for (const Row& row : rows) {
    Madre madre;
    madre.transport->then(row.answer);
    const auto state = madre.client().state();
    REQUIRE_FALSE(state);
    check(state.error(), row);
    CHECK(madre.failures() == 1);
    for (const auto& command : kCommands) {
      Madre other;
      other.transport->then(row.answer);
      const Reply reply = command(other.client());
      if (row.code == Errc::timeout && reply) {  // a command that madre may still carry out
        CHECK(reply->pending());
        CHECK(other.failures() == 1);
        continue;
      }
      REQUIRE_FALSE(reply);
      check(reply.error(), row);
      CHECK(other.failures() == row.command_failures);
      CHECK(other.transport->calls() == 1);
    }
  }
}

TEST_CASE("JSON that is no power state counts as an answer not understood") {
  Madre madre;
  madre.transport->then_json(R"({"policy":"dancing"})");
  const auto state = madre.client().state();
  REQUIRE_FALSE(state);
  CHECK(state.error().code == Errc::invalid_reply);
  CHECK(state.error().upstream == "madre");
  CHECK(madre.failures() == 1);
}

TEST_CASE("a refusal that is no JSON cannot be handed on, and is still neutral") {
  Madre madre;
  madre.transport->then(HttpResponse(404, "text/html", "<html>"));
  const Reply reply = madre.client().status();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::invalid_reply);
  CHECK(madre.failures() == 0);
}

TEST_CASE("an open breaker rejects calls without a send, and a success after its time closes it") {
  Madre madre;
  madre.transport->then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_json(kSolo);
  const PowerStateClient client = madre.client();
  for (int i = 0; i < 3; ++i) CHECK(client.state().error().code == Errc::unreachable);
  CHECK(client.state().error().code == Errc::circuit_open);
  CHECK(client.start("switch").error().code == Errc::circuit_open);
  CHECK(madre.transport->calls() == 3);
  madre.clock.advance(60s);
  CHECK(client.state());
  CHECK(madre.breaker->state() == CircuitState::closed);
}

TEST_CASE("without a breaker every call is made") {
  const auto transport = std::make_shared<ScriptedTransport>();
  const PowerStateView view(transport, kOrigin);
  for (int i = 0; i < 5; ++i) CHECK(view.state().error().code == Errc::unreachable);
  CHECK(transport->calls() == 5);
}

TEST_CASE("router and power client share what they know of madre") {
  Madre madre;
  madre.transport->then_fail(Errc::unreachable);
  vx11::RouterOptions options = {.targets = {{.name = "madre",
                                              .url = kOrigin,
                                              .transport = madre.transport,
                                              .breaker = madre.breaker}},
                                 .clock = madre.clock};
  const auto router = vx11::Router::create(options).value();
  const PowerStateClient client = madre.client();
  const vx11::ChatRequest chat("hello", "s");

  CHECK_FALSE(router.ask(chat));
  CHECK_FALSE(client.state());
  CHECK_FALSE(router.ask(chat));
  CHECK(client.state().error().code == Errc::circuit_open);
  CHECK(router.ask(chat).error().code == Errc::circuit_open);
  CHECK(router.breaker("madre")->state() == CircuitState::open);
  CHECK(madre.transport->calls() == 3);
}

TEST_CASE("a call takes at most its limit, less if its caller has less time") {
  Madre madre;
  madre.transport->then(json(200, kSolo), 1h);
  const PowerStateClient client = madre.client();
  const auto start = madre.clock.now();
  CHECK(client.state().error().detail == "no answer within 2s");
  CHECK(madre.clock.now() - start == 2s);
  const auto second = madre.clock.now();
  CHECK(client.status(Deadline::after(second, 500ms)).error().detail == "no answer within 500ms");
  CHECK(madre.clock.now() - second == 500ms);
}

TEST_CASE("without time left madre is not asked and nothing is held against it") {
  Madre madre;
  const auto state = madre.client().state(Deadline(madre.clock.now()));
  REQUIRE_FALSE(state);
  CHECK(state.error().code == Errc::timeout);
  CHECK(madre.transport->calls() == 0);
  CHECK(madre.failures() == 0);
}

TEST_CASE("a cancelled call counts against no upstream") {
  Madre madre;
  std::stop_source stop;
  const auto leaving = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        stop.request_stop();
        return vx11::fail(Errc::unreachable);
      });
  const PowerStateView view(leaving, kOrigin, {.breaker = madre.breaker, .clock = madre.clock});
  const Deadline deadline(vx11::TimePoint::max(), stop.get_token());
  CHECK(view.state(deadline).error().code == Errc::cancelled);
  CHECK(madre.failures() == 0);
}

TEST_CASE("a transport that throws is unreachable") {
  class Throwing final : public vx11::Transport {
   public:
    vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& /*request*/,
                                                Deadline /*deadline*/) override {
      throw std::runtime_error("thrown by a transport");
    }
  };
  const PowerStateView view(std::make_shared<Throwing>(), kOrigin);
  CHECK(view.state().error().code == Errc::unreachable);
}

TEST_CASE("mistakes of the description are reported by the calls") {
  const auto transport = std::make_shared<ScriptedTransport>();
  for (const char* origin : {"", "madre:8001", "http://madre/path", "http://u:secret@madre"}) {
    const PowerStateClient client(transport, origin);
    for (const auto& error : {client.state().error(), client.start("switch").error()}) {
      CHECK(error.code == Errc::invalid_argument);
      CHECK(error.upstream == "madre");
      CHECK(error.detail.find("secret") == std::string::npos);
    }
  }
  CHECK(PowerStateView(nullptr, kOrigin).state().error().detail == "no transport");
  CHECK(PowerStateView(transport, kOrigin, {.timeout = 0s}).state().error().detail ==
        "the timeout must be positive");
  CHECK(transport->calls() == 0);
}

TEST_CASE("create names every mistake of the description") {
  const auto wrong = PowerStateClient::create(nullptr, "madre:8001", {.timeout = -1s});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error() ==
        vx11::Error(Errc::invalid_argument,
                    "no transport; the origin must be http://host[:port], without a path; "
                    "the timeout must be positive",
                    "madre"));
  CHECK_FALSE(PowerStateView::create(nullptr, kOrigin));
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->then_json(kSolo);
  const auto client = PowerStateClient::create(transport, kOrigin);
  REQUIRE(client);
  CHECK(client->state());
}

TEST_CASE("a trailing slash of the origin is forgiven") {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->then_json(kSolo);
  CHECK(PowerStateView(transport, "http://madre:8001/").state());
  CHECK(transport->requests()[0].origin == kOrigin);
}

TEST_CASE("a call may be awaited after the client it was made through is gone") {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->then_json(kSolo);
  auto call = PowerStateClient(transport, kOrigin).async_state();
  CHECK(vx11::sync_wait(std::move(call)));
}

TEST_CASE("many threads read and command through one client") {
  const auto transport = std::make_shared<InProcessTransport>(
      [](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        return json(200, kSolo);
      });
  const PowerStateClient client(transport, kOrigin,
                                {.breaker = std::make_shared<CircuitBreaker>()});
  std::atomic<int> answered{0};
  const auto work = [&] {
    for (int i = 0; i < 100; ++i) {
      if (client.state() && client.start("switch")) ++answered;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  CHECK(answered == 400);
}

TEST_CASE("a rejection by the breaker says when to ask again") {
  Madre madre;
  for (int i = 0; i < 3; ++i) madre.breaker->try_acquire()->failure();
  madre.clock.advance(20s);
  const auto state = madre.client().state();
  CHECK(state.error().code == Errc::circuit_open);
  CHECK(state.error().retry_after == 40s);
}
