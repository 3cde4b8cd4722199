// JSON that is valid and that no double or UTF-8 text holds, in answers of upstreams: what is not
// read is passed on, what is read is replaced, and no breaker counts it as a failure.

#include <vx11/chat.hpp>
#include <vx11/power_state_client.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "json/representable.hpp"
#include "operator_site.hpp"
#include "router/json_event_reader.hpp"

using namespace operator_site;
using vx11::ChatEventKind;
using vx11::JsonEventReader;
using vx11::ServerSentEvent;

namespace {

/// Members that are not ours to read.
const std::vector<std::string> kForeign = {R"("n":1e999)", R"("n":[-1e999,{"m":1E+400}])",
                                           R"("half":"\ud800")", R"("half":["\udc00x"])",
                                           R"("\ud83d":"\ude00\ud83d")"};
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Upstreams : Site {
  std::shared_ptr<CircuitBreaker> task_breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);

  Upstreams() {
    options.tasks = vx11::RouterTarget{.name = "switch",
                                       .url = "http://switch:8002",
                                       .transport = to_switch,
                                       .breaker = task_breaker};
  }

  std::uint32_t failures() const {
    return switch_breaker->snapshot().failures + madre_breaker->snapshot().failures +
           task_breaker->snapshot().failures;
  }
};

std::string replaced(std::string_view text) {
  return vx11::json::representable(text);
}

}  // namespace

TEST_CASE("a document library can hold what is replaced, and nothing else changes") {
  CHECK(replaced(R"({"a":1e999,"b":-1e999})") == R"({"a":1e308,"b":-1e308})");
  CHECK(replaced(std::string(400, '9')) == "1e308");
  CHECK(replaced(R"("\ud800x\udc00\\ud800\ud83d\ude00")") ==
        R"("\ufffdx\ufffd\\ud800\ud83d\ude00")");
  for (const std::string same :
       {"", "\"", "\"\\", "\"\\u", "\"\\ud8", "-", "1e-999", "0.0", "[1,2.5e3,\"1e999\"]",
        "\"\\ud83d\\ude00\"", R"({"a":"\n\u00e9","b":18446744073709551616})"}) {
    CHECK(replaced(same) == same);
  }
  CHECK(replaced("0." + std::string(400, '0') + "1") == "0." + std::string(400, '0') + "1");
}

TEST_CASE("a token that only begins with a large number stays invalid") {
  for (const std::string same : {"1e999e", "1e400-5", "01e999", "-01e999", "1.e999", "-.5e999",
                                 "1e999.", "1e999.5", "1e+", "--1e999", "1E400E1"}) {
    CHECK(replaced(same) == same);
  }
  const std::string solo = R"({"policy":"solo_madre","window_id":null,"active_services":[],"n":)";
  CHECK(vx11::parse_power_state(solo + "1e999}", {}));
  CHECK_FALSE(vx11::parse_power_state(solo + "1e999e}", {}));
  CHECK_FALSE(vx11::parse_power_state(solo + "01e999}", {}));
}

TEST_CASE("whether a number is large or close to zero is found from all of its digits") {
  const std::string zeros(400, '0');
  for (const std::string& small : {"0." + zeros + "1e5", "1" + zeros + "e-900", "-0." + zeros + "1",
                                   "1e-99999999999999999999" + zeros, std::string("0.0e999")}) {
    CHECK(replaced(small) == small);
  }
  for (const std::string& large :
       {"1" + zeros + "e-5", "1" + zeros + ".5", std::string("0.001e999"),
        "1e99999999999999999999" + zeros, std::string("1E+0400")}) {
    CHECK(replaced(large) == "1e308");
  }
}

TEST_CASE_FIXTURE(Upstreams, "a whole chat answer passes them on") {
  for (const std::string& foreign : kForeign) {
    to_switch->then_json(R"({"response":"r",)" + foreign + "}");
  }
  for (const std::string& foreign : kForeign) {
    const HttpResponse answer = chat(R"({"message":"m"})");
    CHECK(answer.status == 200);
    CHECK_MESSAGE(answer.body.find("{" + foreign + "}") != std::string::npos, answer.body);
  }
  CHECK(failures() == 0);
}

TEST_CASE_FIXTURE(Upstreams, "an answer's text has U+FFFD in the place of a lone surrogate") {
  to_switch->then_json(R"({"response":"a\ud800b","message":"\udc00"})");
  const HttpResponse answer = chat(R"({"message":"m"})");
  const std::string text = R"("response":"a)" + std::string(kReplacement) + R"(b")";
  CHECK_MESSAGE(answer.body.find(text) != std::string::npos, answer.body);
  CHECK(answer.body.find(R"("upstream":{"message":"\udc00"})") != std::string::npos);
  CHECK(failures() == 0);
}

TEST_CASE("events of a stream are read in spite of them") {
  for (const std::string& foreign : kForeign) {
    JsonEventReader reader;
    std::string text;
    CHECK(reader.read({.name = "message", .data = R"({"delta":"a",)" + foreign + "}"}, text) ==
          ChatEventKind::piece);
    CHECK(text == "a");
    CHECK(reader.read({.name = "done", .data = "{" + foreign + "}"}, text) == ChatEventKind::end);
    CHECK(reader.upstream_json() == "{" + foreign + "}");
  }
}

TEST_CASE("a piece of a stream has U+FFFD in the place of a lone surrogate") {
  JsonEventReader reader;
  std::string text;
  CHECK(reader.read({.name = "message", .data = R"({"delta":"\ud800"})"}, text) ==
        ChatEventKind::piece);
  CHECK(text == kReplacement);
}

TEST_CASE_FIXTURE(Upstreams, "a power state in either dialect is read in spite of them") {
  for (const std::string& foreign : kForeign) {
    to_power->then_json(R"({"policy":"full","running_services":["switch"],"active_windows":[
        {"window_id":"w","ttl_seconds":1e999,"services":["switch"],)" +
                        foreign + "}]," + foreign + "}");
    to_power->then_json(
        R"({"policy":"windowed","window_id":"w","active_services":["madre","switch"],)" + foreign +
        "}");
  }
  for (std::size_t i = 0; i < 2 * kForeign.size(); ++i) {
    const HttpResponse answer = get("/operator/power/state");
    CHECK_MESSAGE(answer.status == 200, answer.body);
    CHECK(body_of(answer).at("active_windows").at(0).at("services").at(0) == "switch");
  }
  CHECK(failures() == 0);
}

TEST_CASE_FIXTURE(Upstreams, "an answer to a power command passes them on") {
  const std::string foreign = "{" + kForeign[1] + "," + kForeign[4] + "}";
  to_power->then_json(foreign).then_json(R"({"status":"plan",)" + foreign.substr(1));
  CHECK(post("/operator/power/service/switch/start").body ==
        R"({"executed":true,)" + foreign.substr(1));
  const HttpResponse plan = post("/operator/power/service/switch/start");
  CHECK(plan.body == R"({"executed":false,"status":"plan",)" + foreign.substr(1));
  CHECK(failures() == 0);
}

TEST_CASE_FIXTURE(Upstreams, "what nests too deep in an answer to a power command is no failure") {
  to_power->then_json(R"({"echo":)" + std::string(100, '[') + std::string(100, ']') + "}");
  CHECK(body_of(post("/operator/power/service/switch/start")).at("reason") == "invalid_reply");
  CHECK(failures() == 0);
}

TEST_CASE_FIXTURE(Upstreams, "an answer to a task passes them on") {
  for (const std::string& foreign : kForeign) to_switch->then_json("{" + foreign + "}");
  for (const std::string& foreign : kForeign) {
    const HttpResponse answer = post("/operator/task", R"({"task_type":"t","session_id":"s"})");
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"session_id":"s",)" + foreign + "}");
  }
  CHECK(failures() == 0);
}

TEST_CASE("a health probe reads the status alone") {
  const auto transport = std::make_shared<ScriptedTransport>();
  for (const std::string& foreign : kForeign) transport->then_json("{" + foreign + "}");
  const auto probe = vx11::make_http_probe(transport, "http://madre:8001").value();
  for (std::size_t i = 0; i < kForeign.size(); ++i) {
    CHECK(vx11::sync_wait(probe->look({})) == vx11::ProbeAnswer(vx11::Health::ok));
  }
}
