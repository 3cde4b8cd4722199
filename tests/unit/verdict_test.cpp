#include <vx11/http_message.hpp>
#include <vx11/rejection.hpp>
#include <vx11/retryable.hpp>
#include <vx11/verdict.hpp>

#include <chrono>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CallVerdict;
using vx11::DefaultRetryable;
using vx11::DefaultRetryAfter;
using vx11::Errc;
using vx11::HttpResponse;
using vx11::Result;
using vx11::Verdict;

namespace {

Result<int> failing(Errc code) {
  return vx11::fail(code);
}
Result<HttpResponse> answer(int status) {
  return HttpResponse(status);
}

}  // namespace

TEST_CASE("an error of the caller's own counts against no upstream and is not retried") {
  for (const Errc code : {Errc::rejected, Errc::circuit_open, Errc::cancelled, Errc::asleep,
                          Errc::invalid_argument, Errc::storage, Errc::exhausted}) {
    CHECK(CallVerdict()(failing(code)) == Verdict::neutral);
    CHECK_FALSE(DefaultRetryable()(failing(code)));
  }
}

TEST_CASE("what the upstream did not manage is a failure, and retried where it may pass") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::unavailable}) {
    CHECK(CallVerdict()(failing(code)) == Verdict::failure);
    CHECK(DefaultRetryable()(failing(code)));
  }
  for (const Errc code : {Errc::invalid_reply, Errc::too_large, Errc::http_status}) {
    CHECK(CallVerdict()(failing(code)) == Verdict::failure);
    CHECK_FALSE(DefaultRetryable()(failing(code)));
  }
}

TEST_CASE("a value is a success, whatever it is") {
  CHECK(CallVerdict()(Result<int>(0)) == Verdict::success);
  CHECK(CallVerdict()(Result<void>()) == Verdict::success);
  CHECK_FALSE(DefaultRetryable()(Result<int>(0)));
  CHECK_FALSE(DefaultRetryAfter()(Result<void>()));
}

TEST_CASE("an HTTP answer is judged by its status") {
  for (const int good : {200, 204, 299}) CHECK(CallVerdict()(answer(good)) == Verdict::success);
  for (const int wrong : {400, 404, 429}) CHECK(CallVerdict()(answer(wrong)) == Verdict::neutral);
  for (const int bad : {0, 100, 301, 302, 307, 500, 503, 600})
    CHECK(CallVerdict()(answer(bad)) == Verdict::failure);
  for (const int passing : {429, 502, 503, 504}) CHECK(DefaultRetryable()(answer(passing)));
  for (const int lasting : {200, 400, 404, 500, 501, 505}) {
    CHECK_FALSE(DefaultRetryable()(answer(lasting)));
  }
}

TEST_CASE("a rejection has a word of its own and may say when to come back") {
  CHECK(to_string(Errc::rejected) == "rejected");
  vx11::Error error(Errc::rejected);
  CHECK_FALSE(DefaultRetryAfter()(Result<int>(tl::unexpected(error))));
  error.retry_after = 3s;
  CHECK(DefaultRetryAfter()(Result<int>(tl::unexpected(error))) == 3s);
}

TEST_CASE("a rejection becomes an error with its reason and its time") {
  const vx11::Rejection open{vx11::RejectionReason::probes_busy, 5s};
  const vx11::Error error = open;
  CHECK(error.code == Errc::circuit_open);
  CHECK(error.detail == "probes busy");
  CHECK(error.retry_after == 5s);
  const Result<int> passed_on = vx11::fail(open);
  CHECK(passed_on.error() == error);
  CHECK(vx11::Rejection{vx11::RejectionReason::rate_limited}.code() == Errc::rejected);
  CHECK(vx11::Rejection{vx11::RejectionReason::isolated}.code() == Errc::circuit_open);
}
