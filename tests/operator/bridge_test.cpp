// The WebSocket bridge: who may open one, chats over it, and its ends.
#include <string>
#include <vector>

#include "bridge_site.hpp"

using namespace bridge_site;

namespace {

const std::string kToken = "x-vx11-token: good\r\n";
const std::string kCookie = "Cookie: session=1\r\n";

std::string origin(const std::string& text) {
  return "Origin: " + text + "\r\n";
}

std::uint64_t metric(const BridgeSite& site, const std::string& name,
                     const std::string& label = {}) {
  for (const vx11::MetricFamily& family : site.bridge->metrics()) {
    if (family.name != name) continue;
    for (const vx11::MetricSeries& series : family.series) {
      if (label.empty() || series.labels.at(0).second == label) return series.value();
    }
  }
  return 9999;
}

json new_token(BridgeSite& site, const std::string& fields) {
  const Answer answer = site.ask("POST /operator/api/ws-token HTTP/1.1\r\nHost: localhost\r\n" +
                                 fields + "Content-Length: 0\r\n\r\n");
  REQUIRE(answer.status == 200);
  return json::parse(answer.body);
}

}  // namespace

TEST_CASE_FIXTURE(BridgeSite, "callers are admitted before the upgrade") {
  CHECK(knock("") == 401);
  CHECK(knock("x-vx11-token: bad\r\n") == 403);
  CHECK(knock(kToken) == 101);
  CHECK(knock("", "?token=good") == 403);  // a lasting token does not belong into a URL
  authorizer->set("metrics-only", vx11::Scopes{vx11::Scope::metrics});
  CHECK(knock("x-vx11-token: metrics-only\r\n") == 403);
  const std::string other = handshake("/operator/ws", kToken);
  CHECK(ask(other).status == 400);  // no subprotocol
  CHECK(ask("GET /operator/ws HTTP/1.1\r\nHost: localhost\r\n" + kToken + "\r\n").status == 426);
  CHECK(gateway.requests().empty());
}

TEST_CASE_FIXTURE(BridgeSite, "pages of other origins may not open a WebSocket") {
  CHECK(knock(kCookie) == 403);  // a cookie is sent with the requests of every page
  CHECK(knock(kCookie + origin("http://localhost")) == 101);
  CHECK(knock(kCookie + origin("https://console.example")) == 101);
  for (const char* page : {"http://evil.example", "null", "http://localhost.evil.example",
                           "http://localhost:81", "localhost", "https://console.example.evil"}) {
    CHECK(knock(kCookie + origin(page)) == 403);
    CHECK(knock(kToken + origin(page)) == 403);
  }
}

TEST_CASE_FIXTURE(BridgeSite, "a token for a WebSocket opens one, in the name of its caller") {
  const json token = new_token(*this, kToken);
  CHECK(token["ttl_sec"] == 60);
  CHECK(audit->lines() == std::vector<std::string>{"token.issue done"});
  const std::string query = "?token=" + token["ws_token"].get<std::string>();
  CHECK(knock(origin("http://evil.example"), query) == 403);  // and does not use the token up
  RawHttpClient client = open("", query);
  CHECK(knock("", query) == 403);
  say(client, chat("1", "hello"));
  CHECK(hear(client, "done")["id"] == "1");
  CHECK(gateway.requests().at(0).find("good\r\n") != std::string::npos);
  const json unused =
      new_token(*this, kCookie + "x-csrf-token: x\r\n" + origin("http://localhost"));
  authorizer->set("session=1", std::nullopt);
  CHECK(knock("", "?token=" + unused["ws_token"].get<std::string>()) == 403);
}

TEST_CASE_FIXTURE(BridgeSite, "a chat is answered piece by piece") {
  RawHttpClient client = open();
  json question = chat("q-1", "hello");
  question["session_id"] = "s-1";
  question["metadata"] = {{"a", 1}};
  say(client, question);
  const json first = hear(client);
  CHECK(first == json({{"type", "delta"}, {"id", "q-1"}, {"text", "Hel"}}));
  CHECK(hear(client)["text"] == "lo");
  const json done = hear(client);
  CHECK(done["type"] == "done");
  CHECK(done["id"] == "q-1");
  CHECK(done["session_id"] == "s-1");
  CHECK(done["metadata"]["source"] == "switch");
  CHECK(done["degraded"] == false);
  const std::string asked = gateway.requests().at(0);
  CHECK(asked.starts_with("POST /operator/chat/ask HTTP/1.1\r\n"));
  CHECK(asked.find("text/event-stream") != std::string::npos);
  const json body = json::parse(asked.substr(asked.find("\r\n\r\n") + 4));
  CHECK(body == json({{"message", "hello"}, {"session_id", "s-1"}, {"metadata", {{"a", 1}}}}));
  CHECK(transcripts->turns().at(0).answer == "Hello");
  say(client, {{"type", "ping"}});
  CHECK(hear(client)["type"] == "pong");
  CHECK(metric(*this, "vx11_operator_bridge_sockets") == 1);
  CHECK(metric(*this, "vx11_operator_bridge_messages_total", "in") == 2);
  CHECK(
      eventually([&] { return metric(*this, "vx11_operator_bridge_messages_total", "out") == 4; }));
}

TEST_CASE_FIXTURE(BridgeSite,
                  "a piece larger than the bound arrives in parts, if the client reads") {
  RawHttpClient client = open();
  say(client, chat("1", "huge"));
  std::string text;
  json message = hear(client);
  for (; message["type"] == "delta"; message = hear(client)) {
    text += message["text"].get<std::string>();
  }
  CHECK(message["type"] == "done");
  CHECK((text == "Hel" + huge() + "lo"));
}

TEST_CASE_FIXTURE(BridgeSite, "cancelling a chat cancels it at the gateway") {
  RawHttpClient client = open();
  say(client, chat("1", "wait"));
  CHECK(hear(client)["text"] == "Hel");
  say(client, {{"type", "cancel"}, {"id", "1"}});
  const json ended = hear(client);
  CHECK(ended["type"] == "error");
  CHECK(ended["id"] == "1");
  CHECK(ended["code"] == "cancelled");
  CHECK(eventually([&] { return left == 1; }));
  CHECK(transcripts->turns().empty());
  say(client, {{"type", "cancel"}, {"id", "1"}});  // has crossed the last message: no error
  say(client, chat("1", "hello"));                 // the id is free
  CHECK(hear(client)["type"] == "delta");
}

TEST_CASE_FIXTURE(BridgeSite, "the end of a WebSocket cancels its chats") {
  auto client = std::make_unique<RawHttpClient>(open());
  for (const char* id : {"1", "2", "3"}) say(*client, chat(id, "wait"));
  for (int i = 0; i < 3; ++i) CHECK(hear(*client)["type"] == "delta");
  SUBCASE("closed") {
    client->send(close_frame(1000));
    CHECK(close_code(*client) == 1000);
    CHECK(eventually(
        [&] { return metric(*this, "vx11_operator_bridge_closes_total", "1000") == 1; }));
  }
  SUBCASE("lost") {
    client->reset_on_close();
    client.reset();
    CHECK(eventually(
        [&] { return metric(*this, "vx11_operator_bridge_closes_total", "1006") == 1; }));
  }
  CHECK(eventually([&] { return left == 3; }));
  CHECK(eventually([&] { return metric(*this, "vx11_operator_bridge_chats") == 0; }));
  CHECK(metric(*this, "vx11_operator_bridge_sockets") == 0);
}

TEST_CASE_FIXTURE(BridgeSite, "chats at once are bounded, and their ids distinguish them") {
  options.limits.chats = 2;
  RawHttpClient client = open();
  say(client, chat("1", "wait"));
  CHECK(hear(client)["id"] == "1");
  say(client, chat("1", "hello"));
  const json duplicate = hear(client);
  CHECK(duplicate["code"] == "duplicate_id");
  CHECK(duplicate["id"] == "1");
  say(client, chat("2", "wait"));
  CHECK(hear(client)["id"] == "2");
  say(client, chat("3", "hello"));
  CHECK(hear(client)["code"] == "too_many_chats");
  say(client, {{"type", "cancel"}, {"id", "1"}});
  CHECK(hear(client)["code"] == "cancelled");
  say(client, chat("3", "hello"));
  CHECK(hear(client, "done")["id"] == "3");
}

TEST_CASE_FIXTURE(BridgeSite, "messages that cannot be understood are answered, up to a bound") {
  options.limits.mistakes = 15;
  RawHttpClient client = open();
  const std::string long_id(129, 'i');
  const std::string deep = R"({"type":"chat","id":"1","message":)" + std::string(30'000, '[') +
                           std::string(30'000, ']') + "}";
  const std::vector<std::string> bad = {
      "",
      "{",
      "[]",
      "null",
      R"({"type":"order"})",
      R"({"type":7})",
      R"({"type":"chat","message":"no id"})",
      R"({"type":"chat","id":"","message":"m"})",
      R"({"type":"chat","id":")" + long_id + R"(","message":"m"})",
      R"({"type":"subscribe"})",
      R"({"type":"subscribe","channels":["events","secrets"]})",
      R"({"type":"subscribe","channels":["events"],"after":-1})",
      deep};
  for (const std::string& text : bad) {
    client.send(frame(Opcode::text, text));
    const json answer = hear(client);
    CHECK(answer["type"] == "error");
    CHECK(answer["code"] == "invalid_message");
    CHECK(answer["id"].is_null());
  }
  client.send(frame(Opcode::binary, R"({"type":"ping"})"));
  CHECK(hear(client)["code"] == "invalid_message");
  say(client, {{"type", "ping"}});
  CHECK(hear(client)["type"] == "pong");
  client.send(frame(Opcode::text, "once more"));
  CHECK(hear(client)["code"] == "invalid_message");
  CHECK(close_code(client) == 1008);
  CHECK(gateway.requests().empty());
}

TEST_CASE_FIXTURE(BridgeSite, "what the gateway refuses is an error of the chat") {
  RawHttpClient client = open();
  say(client, chat("1", "broken"));
  json answer = hear(client, "error");
  CHECK(answer["id"] == "1");
  CHECK_FALSE(answer["message"].get<std::string>().empty());
  say(client, chat("2", "nonsense"));
  answer = hear(client, "error");
  CHECK(answer["id"] == "2");
  CHECK(answer["code"].is_string());
  say(client, chat("3", "hello"));
  CHECK(hear(client, "done")["id"] == "3");
  say(client, chat("4", "revoked"));
  CHECK(hear(client, "error")["code"] == "auth_required");
  CHECK(close_code(client) == 4401);
}

TEST_CASE_FIXTURE(BridgeSite, "a login that ends closes its WebSockets") {
  RawHttpClient other = open();
  RawHttpClient client = open(kCookie + origin("http://localhost"));
  say(client, chat("1", "wait"));
  CHECK(hear(client)["type"] == "delta");
  SUBCASE("by logging out") {
    bridge->end_login("login-1");
  }
  SUBCASE("because its credential is refused") {
    authorizer->set("session=1", std::nullopt);
    bridge->confirm_callers();
  }
  SUBCASE("because it allows less than before") {
    authorizer->set("session=1", vx11::Scopes{vx11::Scope::chat});
    bridge->confirm_callers();
  }
  CHECK(close_code(client) == 4401);
  CHECK(eventually([&] { return left == 1; }));
  say(other, {{"type", "ping"}});
  CHECK(hear(other)["type"] == "pong");
}

TEST_CASE_FIXTURE(BridgeSite, "a client that reads too slowly gets `lagging` and is cut off") {
  options.limits.unsent_bytes = 100'000;
  RawHttpClient client = open();
  say(client, chat("1", "flood"));
  CHECK(eventually([&] { return metric(*this, "vx11_operator_bridge_lagging_total") == 1; }));
  CHECK(eventually([&] { return left == 1; }));  // the gateway is not read from any more
  json last;
  Frame got = read_frame(client);
  for (; got.opcode == Opcode::text; got = read_frame(client)) last = json::parse(got.data);
  CHECK(last["type"] == "lagging");
  CHECK(got.code() == 1008);
}

TEST_CASE_FIXTURE(BridgeSite, "a server that stops closes with 1001") {
  RawHttpClient client = open();
  say(client, {{"type", "ping"}});
  CHECK(hear(client)["type"] == "pong");
  stop_server();
  CHECK(close_code(client) == 1001);
}

TEST_CASE_FIXTURE(BridgeSite, "WebSockets are bounded, and those of each principal") {
  options.sockets = {.all = 3, .per_principal = 2};
  const char* const kRefused = "vx11_operator_bridge_sockets_refused_total";
  RawHttpClient first = open();
  RawHttpClient second = open(kCookie + origin("http://localhost"));  // of the same principal
  const Answer refused = ask(hello(kToken, {}));
  CHECK(refused.status == 429);
  CHECK(json::parse(refused.body)["error"] == "too_many_sockets");
  CHECK(refused.head.find("\r\nRetry-After: 5\r\n") != std::string::npos);
  CHECK(metric(*this, kRefused, "principal") == 1);
  RawHttpClient other = open("x-vx11-token: bob\r\n");
  CHECK(knock("x-vx11-token: bob\r\n") == 503);
  CHECK(metric(*this, kRefused, "all") == 1);
  first.send(close_frame(1000));
  CHECK(close_code(first) == 1000);
  CHECK(eventually([&] { return knock(kToken) == 101; }));
}
