// Chats that the event-driven server answers piece by piece.

#include <memory>
#include <string>
#include <utility>

#include "net_served.hpp"
#include "streaming_script.hpp"

using namespace net_served;
using streaming_script::broken;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;

namespace {

const std::string kEvents = kAuth + kJson + "Accept: text/event-stream\r\n";
const std::string kDone = "event: done\ndata: {\"model\":\"m-7\"}\n\n";
const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
const std::string kLo = "data: {\"delta\":\"lo\"}\n\n";

struct StreamingServer : Served {
  std::shared_ptr<ScriptedStream> upstream;

  void stream(Pieces pieces) {
    upstream = std::make_shared<ScriptedStream>(std::move(pieces));
    router.targets[0].transport = upstream;
  }
};

/// The data of the last event, which has that name.
json last_event(const std::string& body, const std::string& name) {
  const std::string begin = "event: " + name + "\ndata: ";
  const std::size_t at = body.rfind("event: ");
  REQUIRE(at != std::string::npos);
  REQUIRE(body.substr(at).starts_with(begin));
  REQUIRE(body.ends_with("\n\n"));
  return json::parse(body.substr(at + begin.size()));
}

}  // namespace

TEST_CASE_FIXTURE(StreamingServer, "a chat that accepts events is answered piece by piece") {
  stream({kHel, kLo + kDone});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 200);
  CHECK(RawHttpClient::has(answer.head, "content-type: text/event-stream; charset=utf-8"));
  CHECK(RawHttpClient::has(answer.head, "transfer-encoding: chunked"));
  CHECK(
      answer.body.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"hel\"}\n\n"
                              "id: 2\nevent: message\ndata: {\"delta\":\"lo\"}\n\n"));
  const json done = last_event(answer.body, "done");
  CHECK(done.at("session_id") == "s-1");
  CHECK(done.at("metadata").is_object());

  client.send(getting("/operator/session/s-1"));
  const json session = json::parse(client.read_answer().body);
  REQUIRE(session.at("messages").size() == 2);
  CHECK(session.at("messages")[0].at("content") == "hello");
  CHECK(session.at("messages")[1].at("content") == "hello");
}

TEST_CASE_FIXTURE(StreamingServer, "without wanting events it is answered whole") {
  const Answer answer = ask(asking(kHello));
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body).at("response") == "from switch");
}

TEST_CASE_FIXTURE(StreamingServer, "a stream that breaks ends with an error") {
  stream({kHel, broken(Errc::unreachable)});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 200);
  CHECK(last_event(answer.body, "error").at("session_id") == "s-1");
}

TEST_CASE_FIXTURE(StreamingServer,
                  "events of an upstream that cannot stream are one piece and done") {
  const Answer answer = ask(asking(kHello, kEvents));
  CHECK(
      answer.body.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"from switch\"}\n\nid: "
                              "2\nretry: 3600000\nevent: done\n"));
}

TEST_CASE_FIXTURE(StreamingServer, "when no upstream begins to answer there are no events") {
  stream({broken(Errc::timeout)});
  to_madre->then_fail(Errc::unreachable);
  const Answer whole = ask(asking(kHello));
  const Answer answer = ask(asking(kHello, kEvents));
  CHECK(answer.status == whole.status);
  CHECK(RawHttpClient::has(answer.head, "content-type: application/json"));
  CHECK(json::parse(answer.body).at("session_id") == "s-1");
}

TEST_CASE_FIXTURE(StreamingServer,
                  "an HTTP/1.0 client gets events up to the end of the connection") {
  stream({kHel, kLo, kDone});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents, "1.0"));
  const Answer answer = client.read_answer();
  CHECK_FALSE(RawHttpClient::has(answer.head, "transfer-encoding"));
  CHECK(RawHttpClient::has(answer.head, "connection: close"));
  CHECK(answer.body.starts_with("id: 1\nevent: message\n"));
  CHECK(last_event(answer.body, "done").at("session_id") == "s-1");
  CHECK(client.is_ended());
}
