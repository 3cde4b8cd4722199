// Chats in progress and the tokens that chats use, around a handler.
#include <chrono>
#include <string>
#include <vector>

#include "request_limits_site.hpp"

using namespace request_limits_site;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Site, "a chat holds its place until its stream has ended") {
  options.concurrent_per_token = 2;
  StreamedResponse first = open(streamed(chat()));
  const StreamedResponse second = open(streamed(chat()));
  const HttpResponse refused = send(chat());
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "1");
  CHECK(send(status()).status == 200);         // not a chat
  CHECK(send(chat("another")).status == 200);  // nor of this token
  first.body.reset();
  CHECK(send(chat()).status == 200);
  CHECK(send(chat()).status == 200);  // a complete answer holds none
  CHECK(this->refused(RequestLimit::concurrent_per_token) == 1);
}

TEST_CASE_FIXTURE(Site, "with all places taken chats are shed, status is not") {
  options.concurrent = 2;
  std::vector<StreamedResponse> running;
  running.push_back(open(streamed(chat("one"))));
  running.push_back(open(streamed(completion())));
  const HttpResponse refused = send(chat("two"));
  CHECK(refused.status == 503);
  CHECK(refused.headers.get("Retry-After") == "1");
  CHECK(refused.body == R"({"error":"overloaded","status_code":503})");
  CHECK(send(completion()).status == 503);
  CHECK(send(status()).status == 200);
  for (const char* path : {"/livez", "/readyz", "/health"}) {
    CHECK(send(HttpRequest("GET", {}, path)).status == 200);
  }
  running.clear();
  CHECK(send(chat("two")).status == 200);
  CHECK(this->refused(RequestLimit::concurrent) == 2);
}

TEST_CASE_FIXTURE(Site, "a refused chat gives back its place") {
  options.concurrent = 1;
  options.concurrent_per_token = 1;
  options.per_session = RequestRate(1, 1h);
  CHECK(send(chat("ci", "s-1")).status == 200);
  for (int i = 0; i < 3; ++i) CHECK(send(chat("ci", "s-1")).status == 429);
  CHECK(send(chat("ci", "s-2")).status == 200);
}

TEST_CASE_FIXTURE(Site, "a shed chat is not charged to its token") {
  options.concurrent = 1;
  options.per_token = RequestRate(2, 1h);
  StreamedResponse running = open(streamed(chat()));
  for (int i = 0; i < 5; ++i) CHECK(send(chat()).status == 503);
  running.body.reset();
  CHECK(send(chat()).status == 200);
}

TEST_CASE_FIXTURE(Site, "an adaptive limit falls as chats fail, and a fixed one does not") {
  options.concurrent = 8;
  SUBCASE("fixed") {
    options.concurrency = vx11::ConcurrencyMode::fixed;
    inner->status = 503;
    for (int i = 0; i < 50; ++i) send(chat());
    std::vector<StreamedResponse> running;
    for (int i = 0; i < 8; ++i) running.push_back(open(streamed(chat())));
    for (const auto& each : running) CHECK(each.body != nullptr);
  }
  SUBCASE("adaptive") {
    options.concurrency = vx11::ConcurrencyMode::adaptive;
    inner->status = 503;
    for (int i = 0; i < 50; ++i) send(chat());
    inner->status = 200;
    const StreamedResponse one = open(streamed(chat()));
    CHECK(one.body != nullptr);
    CHECK(send(chat()).status == 503);
  }
}

TEST_CASE_FIXTURE(Site, "tokens are charged after the answer; the next chat waits for the debt") {
  options.tokens_per_minute = 600;
  inner->cost = 1000;
  CHECK(send(chat()).status == 200);
  const HttpResponse refused = send(chat());
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "41");  // until the 401st is paid
  CHECK(send(status()).status == 200);                // no chat
  CHECK(send(chat("another")).status == 200);
  clock.advance(41s);
  CHECK(send(chat()).status == 200);
  CHECK(this->refused(RequestLimit::tokens_per_minute) == 1);
}

TEST_CASE_FIXTURE(Site,
                  "without usage nothing is charged, and without the limit there is no meter") {
  SUBCASE("no usage") {
    options.tokens_per_minute = 1;
  }
  SUBCASE("no limit") {
    inner->cost = 1'000'000;
  }
  for (int i = 0; i < 5; ++i) CHECK(send(chat()).status == 200);
}

TEST_CASE_FIXTURE(Site, "chats in progress are counted even with more clients than are stored") {
  options.concurrent_per_token = 1;
  options.max_clients = 2;
  std::vector<StreamedResponse> running;
  for (int i = 0; i < 20; ++i) running.push_back(open(streamed(chat(std::to_string(i)))));
  for (int i = 0; i < 20; ++i) CHECK(send(chat(std::to_string(i))).status == 429);
  running.clear();
  for (int i = 0; i < 20; ++i) CHECK(send(chat(std::to_string(i))).status == 200);
}

TEST_CASE_FIXTURE(Site, "what was used counts on in the limits that take their place") {
  options.per_token = RequestRate(2, 1min);
  options.concurrent = 2;
  options.concurrent_per_token = 1;
  const StreamedResponse running = open(streamed(chat("busy")));
  CHECK(send(status("busy")).status == 200);
  const auto next = limits().successor(inner, options).value();
  const auto status_of = [&](const HttpRequest& request) {
    const auto admission = next->admit(request);
    REQUIRE(admission.has_value());
    return vx11::sync_wait(next->open(request, *admission, {})).head.status;
  };
  CHECK(status_of(chat("busy")) == 429);    // its stream
  CHECK(status_of(status("busy")) == 429);  // its rate
  const HttpRequest second = streamed(chat("other"));
  const auto admission = next->admit(second);
  const auto held = vx11::sync_wait(next->open(second, *admission, {}));
  CHECK(status_of(chat("third")) == 503);  // both places are taken
  CHECK(limits().successor(nullptr, options).error().code == vx11::Errc::invalid_argument);
}
