// Wrong credentials by address, and what an answer gives away.
#include <vx11/attempt_limiter.hpp>

#include <string>

#include "completions_site.hpp"
#include "operator_site.hpp"
#include "recorded_events.hpp"

using namespace std::chrono_literals;
using vx11::Access;
using vx11::AccessCheck;
using vx11::AttemptLimiter;
using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

const std::string kRight = "vx11-local-token";
constexpr vx11::RequestRate kThree(3, 1min);

/// Knows one token, and counts how often it is asked.
class Judge final : public vx11::Authenticator {
 public:
  Access check(const vx11::Headers& headers) const override {
    ++asked;
    const std::string_view token = headers.get("x-vx11-token");
    if (token.empty()) return Access::auth_required;
    if (token == "expired") return Access::expired;
    return token == right ? Access::granted : Access::forbidden;
  }
  mutable int asked = 0;
  std::string right = kRight;
};

HttpRequest from(const std::string& address, const std::string& token) {
  HttpRequest request("GET", {}, "/operator/status");
  if (!address.empty()) request.peer = std::make_shared<vx11::HttpPeer>(address);
  if (!token.empty()) request.headers.add("x-vx11-token", token);
  return request;
}

struct Gate {
  vx11::testing::ManualClock clock;
  std::shared_ptr<Judge> judge = std::make_shared<Judge>();
  std::shared_ptr<AttemptLimiter> limiter =
      AttemptLimiter::create(judge, {.failures = kThree, .max_addresses = 100, .clock = clock})
          .value();

  Access ask(const std::string& address, const std::string& token) {
    return limiter->authenticate(from(address, token)).access;
  }
  void fail(const std::string& address, int times) {
    for (int i = 0; i < times; ++i) {
      CHECK(ask(address, "guess " + std::to_string(i)) == Access::forbidden);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Gate, "after its failures an address is limited, whatever it sends") {
  fail("203.0.113.7", 3);
  const int asked = judge->asked;
  CHECK(ask("203.0.113.7", "guess") == Access::limited);
  CHECK(ask("203.0.113.7", kRight) == Access::limited);
  CHECK(judge->asked == asked);  // neither was looked at, so neither time nor text can differ
  CHECK(limiter->refused() == 2);
}

TEST_CASE_FIXTURE(Gate, "another address is not limited") {
  fail("203.0.113.7", 3);
  CHECK(ask("203.0.113.8", kRight) == Access::granted);
  CHECK(ask("203.0.113.8", "guess") == Access::forbidden);
}

TEST_CASE_FIXTURE(Gate,
                  "a credential that was granted before stays so, others of the address not") {
  CHECK(ask("203.0.113.7", kRight) == Access::granted);
  fail("203.0.113.7", 3);
  CHECK(ask("203.0.113.7", kRight) == Access::granted);
  CHECK(ask("203.0.113.7", "guess") == Access::limited);
}

TEST_CASE_FIXTURE(Gate, "a credential that was granted to another address is limited") {
  CHECK(ask("203.0.113.8", kRight) == Access::granted);
  fail("203.0.113.7", 3);
  CHECK(ask("203.0.113.7", kRight) == Access::limited);
}

TEST_CASE_FIXTURE(Gate, "a credential that was revoked is limited like any other") {
  CHECK(ask("203.0.113.7", kRight) == Access::granted);
  fail("203.0.113.7", 3);
  judge->right = "another";
  CHECK(ask("203.0.113.7", kRight) == Access::forbidden);
  CHECK(ask("203.0.113.7", kRight) == Access::limited);
}

TEST_CASE_FIXTURE(Gate, "attempts are judged again as time passes, one in each third of a minute") {
  fail("203.0.113.7", 3);
  const AccessCheck limited = limiter->authenticate(from("203.0.113.7", "guess"));
  CHECK(limited.access == Access::limited);
  CHECK(limited.retry_after == 20s);
  clock.advance(limited.retry_after - 1ns);
  CHECK(ask("203.0.113.7", "guess") == Access::limited);
  clock.advance(1ns);
  CHECK(ask("203.0.113.7", "guess") == Access::forbidden);
  CHECK(ask("203.0.113.7", "guess") == Access::limited);
  clock.advance(1min);
  fail("203.0.113.7", 3);
}

TEST_CASE_FIXTURE(Gate, "a missing credential is no failure, nor is an expired one") {
  for (int i = 0; i < 10; ++i) {
    CHECK(ask("203.0.113.7", "") == Access::auth_required);
    CHECK(ask("203.0.113.7", "expired") == Access::expired);
  }
  CHECK(ask("203.0.113.7", kRight) == Access::granted);
  CHECK(limiter->addresses() == 0);
}

TEST_CASE_FIXTURE(Gate, "without a credential a limited address is answered as before") {
  fail("203.0.113.7", 3);
  CHECK(ask("203.0.113.7", "") == Access::auth_required);
}

TEST_CASE_FIXTURE(Gate, "an unknown address is not limited") {
  fail("", 10);
  HttpRequest unnamed = from("", "guess");
  unnamed.peer = std::make_shared<vx11::HttpPeer>();
  for (int i = 0; i < 10; ++i) CHECK(limiter->authenticate(unnamed).access == Access::forbidden);
}

TEST_CASE_FIXTURE(Gate, "loopback addresses are limited only if that is asked for") {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    fail(address, 5);
    CHECK(ask(address, kRight) == Access::granted);
  }
  limiter =
      AttemptLimiter::create(
          judge, {.failures = kThree, .loopback = vx11::LoopbackClients::limited, .clock = clock})
          .value();
  fail("127.0.0.1", 3);
  CHECK(ask("127.0.0.1", kRight) == Access::limited);
}

TEST_CASE_FIXTURE(Gate, "addresses of an IPv6 network count as one, and IPv4 within IPv6 as IPv4") {
  fail("2001:db8:1:2::1", 1);
  fail("2001:db8:1:2:ffff::2", 1);
  fail("2001:0db8:1:2::3%eth0", 1);
  CHECK(ask("2001:db8:1:2::4", kRight) == Access::limited);
  CHECK(ask("2001:db8:1:3::4", kRight) == Access::granted);
  fail("::ffff:203.0.113.7", 3);
  CHECK(ask("203.0.113.7", kRight) == Access::limited);
}

TEST_CASE_FIXTURE(Gate,
                  "a flood of addresses is bounded and does not lift the limit of a busy one") {
  fail("203.0.113.7", 3);
  for (int i = 0; i < 1000; ++i) {
    fail("198.51." + std::to_string(i / 250) + "." + std::to_string(i % 250), 1);
    if (i % 50 == 0) {
      CHECK(ask("203.0.113.7", kRight) == Access::limited);
      clock.advance(limiter->authenticate(from("203.0.113.7", kRight)).retry_after);
      fail("203.0.113.7", 1);
    }
  }
  CHECK(limiter->addresses() <= 100);
}

TEST_CASE("options out of range, and no authenticator, are refused together") {
  const auto made = AttemptLimiter::create(nullptr, {.failures = {0, 1s}, .max_addresses = 0});
  REQUIRE(!made);
  for (const char* part : {"authenticator is missing", "failures", "max_addresses"}) {
    CHECK(made.error().detail.find(part) != std::string::npos);
  }
}

namespace {

/// What a client sees of an answer.
std::string text_of(const HttpResponse& answer) {
  std::string text = std::to_string(answer.status) + '\n';
  for (const vx11::Header field : answer.headers) {
    if (field.name == "X-Request-Id" || field.name == "x-request-id") continue;
    text.append(field.name).append(": ").append(field.value) += '\n';
  }
  return text + answer.body;
}

template <class Site>
void check_that_answers_are_equal(Site& site, const std::string& header, const std::string& before,
                                  HttpRequest request) {
  site.options.auth =
      AttemptLimiter::create(site.options.auth, {.failures = kThree, .clock = site.clock}).value();
  request.peer = std::make_shared<vx11::HttpPeer>("203.0.113.7");
  for (int i = 0; i < 3; ++i) {
    request.headers.set(header, before + "guess");
    CHECK(site.send(request).status == 403);
  }
  const HttpResponse wrong = site.send(request);
  request.headers.set(header, before + kRight);
  const HttpResponse right = site.send(request);
  CHECK(wrong.status == 429);
  CHECK(wrong.headers.get("Retry-After") == "20");
  CHECK(text_of(right) == text_of(wrong));
}

}  // namespace

TEST_CASE("the operator API answers 429, the same for the right credential as for a wrong one") {
  operator_site::Site site;
  check_that_answers_are_equal(site, "x-vx11-token", "",
                               operator_site::Site::authorised("GET", "/operator/status"));
  CHECK(site.to_switch->requests().empty());
}

TEST_CASE("the completions API does so in its own form") {
  completions_site::Site site;
  check_that_answers_are_equal(site, "Authorization", "Bearer ",
                               completions_site::Site::request("GET", "/v1/models"));
}

TEST_CASE_FIXTURE(Gate, "a credential that is not judged is an event without its address") {
  const auto events = record_events();
  limiter =
      AttemptLimiter::create(judge, {.failures = kThree, .clock = clock, .events = events}).value();
  fail("203.0.113.7", 3);
  CHECK(events->words().empty());
  CHECK(ask("203.0.113.7", kRight) == Access::limited);
  const RecordedEvent event = events->only(vx11::EventKind::attempt_limiter_rejected);
  CHECK(event.name == "auth_failures");
  CHECK(event.duration > 0s);
}
