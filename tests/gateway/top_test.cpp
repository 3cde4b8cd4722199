// vx11-gateway top: the text of /metrics, differences of two scrapes, and the lines that it shows.

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/top/top_frame.hpp"
#include "gateway/top/top_metrics.hpp"
#include "gateway/top/top_source.hpp"
#include "gateway/top/top_text.hpp"
#include "gateway/top/top_unix.hpp"

using namespace gateway;
using namespace std::chrono_literals;

namespace {

constexpr const char* kBefore = R"(# HELP vx11_http_requests_total Requests.
# TYPE vx11_http_requests_total counter
vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="200"} 100
vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="503"} 1
vx11_http_requests_total{route="/livez",method="GET",code="200"} 7
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="0.1"} 50
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="1"} 101
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="+Inf"} 101
vx11_chat_attempts_total{target="switch",outcome="answered"} 100
vx11_chat_attempts_total{target="switch",outcome="timeout"} 0
vx11_circuit_state{breaker="switch",state="closed"} 1
vx11_circuit_state{breaker="switch",state="open"} 0
vx11_circuit_state{breaker="switch",state="half_open"} 0
)";

constexpr const char* kNow = R"(vx11_build_info{version="1.2.3"} 1
process_start_time_seconds 1000
process_resident_memory_bytes 36000000
process_open_fds 12
process_max_fds 1024
vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="200"} 118
vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="503"} 3
vx11_http_requests_total{route="/livez",method="GET",code="200"} 7
vx11_http_requests_total{route="/v1/models",method="GET",code="200"} 0
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="0.1"} 60
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="1"} 121
vx11_http_request_duration_seconds_bucket{route="/operator/chat/ask",le="+Inf"} 121
vx11_chat_attempts_total{target="switch",outcome="answered"} 118
vx11_chat_attempts_total{target="switch",outcome="timeout"} 2
vx11_circuit_state{breaker="switch",state="closed"} 0
vx11_circuit_state{breaker="switch",state="open"} 1
vx11_circuit_state{breaker="switch",state="half_open"} 0
vx11_circuit_failures{breaker="switch"} 3
vx11_slo_objective_ratio{slo="availability",kind="availability"} 0.999
vx11_slo_error_budget_remaining_ratio{slo="availability",kind="availability"} 0.5
vx11_slo_burn_rate{slo="availability",kind="availability",window="1h"} 15.2
vx11_slo_alert_firing{slo="availability",kind="availability",severity="page",window="1h"} 1
vx11_server_events_total{event="turned_away"} 4
)";

TopSample sample(const char* text, std::chrono::seconds at) {
  TopSample made;
  made.at = vx11::TimePoint(at);
  made.time = vx11::WallTime(1000s + at);
  made.metrics = MetricSnapshot::parse(text);
  return made;
}

std::string joined(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) text += line.text + "\n";
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a scrape is read with escapes, times, exemplars and special values") {
  const auto read = MetricSnapshot::parse(
      "# HELP a b\n\na 1\nb{} 2 1700000000000\nc{x=\"1\"} +Inf\nd{x=\"a\\\"b\\\\c\\nd}\",y=\"\",} "
      "-2.5e3\ne_bucket{le=\"0.1\"} 3 # {trace_id=\"ab\"} 0.05 1\nf NaN\r\n# EOF\n");
  REQUIRE(read.samples().size() == 6);
  CHECK(read.skipped_lines() == 0);
  CHECK(read.sum("a") == 1);
  CHECK(read.sum("b") == 2);
  CHECK(read.sum("c") == std::numeric_limits<double>::infinity());
  CHECK(read.samples()[3].label("x") == "a\"b\\c\nd}");
  CHECK(read.sum("d", {{"y", ""}}) == -2500);
  CHECK(read.sum("e_bucket", {{"le", "0.1"}}) == 3);
  CHECK(std::isnan(read.sum("f")));
  CHECK_FALSE(read.value("g").has_value());
}

TEST_CASE("lines that are no series are skipped and counted") {
  const auto read = MetricSnapshot::parse(
      "a\na{\na{x}\na{x=\na{x=\"\na{x=\"\\\na{x=\"1\" y=\"2\"} 1\na one\n{} 1\n<html>\nok 1");
  CHECK(read.samples().size() == 1);
  CHECK(read.skipped_lines() == 10);
}

TEST_CASE("counters are differences, from zero after a restart of the gateway") {
  const auto before = MetricSnapshot::parse("a{x=\"1\"} 5\na{x=\"2\"} 5\n");
  const auto now = MetricSnapshot::parse("a{x=\"1\"} 9\na{x=\"2\"} 11\n");
  CHECK(MetricChange(&before, now, 2s).growth("a") == 10);
  CHECK(MetricChange(&before, now, 2s).per_second("a", {{"x", "2"}}) == 3);
  CHECK(MetricChange(&now, before, 2s).growth("a") == 10);
  CHECK(MetricChange(nullptr, now, 0s).per_second("a") == 0);
}

TEST_CASE("quantiles are interpolated in their bucket, of what the interval has added") {
  const auto before = MetricSnapshot::parse(kBefore);
  const auto now = MetricSnapshot::parse(kNow);
  const MetricChange change(&before, now, 2s);
  const std::string histogram = "vx11_http_request_duration_seconds";
  CHECK(*change.quantile(0.5, histogram) == doctest::Approx(0.1));    // 10 of 20 below 0.1
  CHECK(*change.quantile(0.75, histogram) == doctest::Approx(0.55));  // half way to 1
  CHECK(*MetricChange(nullptr, now, 2s).quantile(1, histogram) == doctest::Approx(1));
  CHECK_FALSE(MetricChange(&now, now, 2s).quantile(0.5, histogram).has_value());
  CHECK_FALSE(change.quantile(0.5, "other").has_value());
  const auto slow = MetricSnapshot::parse("h_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 2\n");
  CHECK(*MetricChange(nullptr, slow, 1s).quantile(0.9, "h") == 1);  // as Prometheus: the last bound
}

TEST_CASE("a frame shows rates, quantiles, targets, breakers, objectives and refusals") {
  const TopSample before = sample(kBefore, 10s);
  const TopSample now = sample(kNow, 12s);
  const std::string text = joined(make_top_frame(&before, now, "http://gateway", TopSort::rate));
  INFO(text);
  CHECK(has(text, "vx11-gateway 1.2.3  http://gateway  up 12.0s  status -  sort rate"));
  CHECK(has(text, "memory 34.3MiB  descriptors 12/1024  connections 0"));
  CHECK(has(text,
            "/operator/chat/ask                    10.0  100ms  910ms  982ms    0%   10%     121"));
  CHECK(has(text,
            "/livez                                 0.0      -      -      -     -     -       7"));
  CHECK_FALSE(has(text, "/v1/models"));  // not asked so far
  CHECK(has(text, "switch                     10.0       90%"));
  CHECK(has(text, "timeout 2"));
  CHECK(has(text, "switch                  open                       3"));
  CHECK(has(text, "availability                99.9%          50%  1h 15.2  FIRING"));
  CHECK(has(text, "turned_away 4"));
}

TEST_CASE("components that are not well are shown, but for those that are not configured") {
  TopSample now = sample(kNow, 12s);
  read_status(R"({"status":"degraded","components":{
    "madre":{"status":"ok"},"redis":{"status":"unknown","reason":"not_configured"},
    "hermes":{"status":"unknown","reason":"no_reading"},"switch":{"status":"offline"},
    "odd":{"status":7},"odder":1}})",
              now);
  const std::string text = joined(make_top_frame(nullptr, now, "u", TopSort::rate));
  CHECK(has(text, "status degraded"));
  CHECK(has(text, "components: hermes unknown, switch offline\n"));
  for (const char* const body :
       {"", "[]", "{}", R"({"status":1})", R"({"status":"ok","components":1})"}) {
    TopSample other;
    read_status(body, other);
    CHECK(other.components.empty());
  }
}

namespace {

/// Accepts one connection at a Unix-domain socket, and serves it on a thread.
class UnixServer {
 public:
  explicit UnixServer(std::function<void(int)> serve)
      : path_("/tmp/vx11_top_test." + std::to_string(::getpid())) {
    std::filesystem::remove(path_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::jthread([listener = listener_, serve = std::move(serve)] {
      const int fd = ::accept(listener, nullptr, nullptr);
      std::string asked;
      char piece[1024];
      while (!asked.ends_with("\r\n\r\n")) {
        const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
        if (got <= 0) break;
        asked.append(piece, static_cast<std::size_t>(got));
      }
      serve(fd);
      ::close(fd);
    });
  }
  UnixServer(const UnixServer&) = delete;
  UnixServer& operator=(const UnixServer&) = delete;
  ~UnixServer() {
    thread_.join();
    ::close(listener_);
    std::filesystem::remove(path_);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  const std::string path_;
  const int listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::jthread thread_ = {};
};

void send_text(int fd, std::string_view text) {
  CHECK(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

/// A byte again and again, until the peer leaves or the test has failed.
void trickle(int fd) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (::send(fd, "x", 1, MSG_NOSIGNAL) == 1 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(1ms);
  CHECK(std::chrono::steady_clock::now() < end);
}

vx11::Result<vx11::HttpResponse> get_of(std::function<void(int)> serve, vx11::Duration limit = 20s,
                                        const std::stop_token& stop = {}) {
  const UnixServer server(std::move(serve));
  return get_over_unix(server.path(), "/metrics", "", limit, stop);
}

}  // namespace

TEST_CASE("over a Unix-domain socket an answer is whole, or an error") {
  const auto whole = get_of(
      [](int fd) { send_text(fd, "HTTP/1.0 200 OK\r\nA: b\r\ncontent-LENGTH:  2\r\n\r\nab"); });
  REQUIRE(whole);
  CHECK(whole->status == 200);
  CHECK(whole->body == "ab");
  const auto open_end = get_of([](int fd) { send_text(fd, "HTTP/1.0 404 No\r\n\r\nabc"); });
  REQUIRE(open_end);
  CHECK(open_end->status == 404);
  CHECK(open_end->body == "abc");
  for (const char* const text :
       {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\nab", "HTTP/1.0 200 OK\r\n", "", "nonsense"}) {
    CAPTURE(text);
    const auto cut = get_of([=](int fd) { send_text(fd, text); });
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == vx11::Errc::invalid_reply);
  }
}

TEST_CASE("over a Unix-domain socket an answer without end ends with the limit or the stop") {
  const auto late = get_of(trickle, 30ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == vx11::Errc::timeout);
  std::stop_source stop;
  const auto stopped = get_of(
      [&](int fd) {
        stop.request_stop();
        trickle(fd);
      },
      20s, stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == vx11::Errc::cancelled);
}

TEST_CASE("without a scrape before, rates are those since the start") {
  const std::string text = joined(make_top_frame(nullptr, sample(kNow, 121s), "u", TopSort::rate));
  CHECK(has(text, "/operator/chat/ask                     1.0"));
}

TEST_CASE("rows are sorted by what is asked for") {
  const TopSample before = sample(kBefore, 10s);
  const TopSample now = sample(kNow, 12s);
  const auto first_of = [&](TopSort sort) {
    const std::string text = joined(make_top_frame(&before, now, "u", sort));
    return text.find("/operator/chat/ask") < text.find("/livez");
  };
  CHECK(first_of(TopSort::rate));
  CHECK(first_of(TopSort::latency));
  CHECK(first_of(TopSort::errors));
  CHECK_FALSE(first_of(TopSort::name));
}

TEST_CASE("a frame fits into any terminal") {
  const std::vector<TopLine> lines = make_top_frame(nullptr, sample(kNow, 5s), "u", TopSort::rate);
  for (const std::size_t height : {0U, 1U, 2U, 5U, 200U}) {
    for (const std::size_t width : {0U, 1U, 7U, 80U}) {
      const auto kept = fitted(lines, width, height, true);
      CHECK(kept.size() <= height);
      for (const TopLine& line : kept) CHECK(line.text.size() <= width);
    }
  }
  CHECK(fitted(lines, 80, 5, true).back().text.starts_with("... "));
  CHECK(fitted(lines, 80, 200, true).size() == lines.size());
}

TEST_CASE("texts are cut by characters, and other terminals than UTF-8 get ASCII") {
  CHECK(fit("h\xC3\xB6llo", 3, true) == "h\xC3\xB6l");
  CHECK(fit("h\xC3\xB6llo", 3, false) == "h?l");
  CHECK(fit("a\xFF\x1b[2Jb\xE2\x82", 20, true) == "a??[2Jb??");
  CHECK(left("h\xC3\xB6llo", 6) == "h\xC3\xB6llo ");
  CHECK(right("h\xC3\xB6llo", 4) == "h\xC3\xB6l~");
}

TEST_CASE("numbers are short") {
  CHECK(short_time(std::nullopt) == "-");
  CHECK(short_time(0.00083) == "830us");
  CHECK(short_time(0.0042) == "4.2ms");
  CHECK(short_time(0.0123) == "12ms");
  CHECK(short_time(1.519) == "1.52s");
  CHECK(short_time(190) == "3m10s");
  CHECK(short_time(7260) == "2h01m");
  CHECK(short_time(200'000) == "2d07h");
  CHECK(short_number(0.04) == "0.0");
  CHECK(short_number(12.34) == "12.3");
  CHECK(short_number(1204.4) == "1204");
  CHECK(short_number(3.1e6) == "3.1M");
  CHECK(short_bytes(512) == "512B");
  CHECK(short_bytes(36e6) == "34.3MiB");
  CHECK(percent(0, 0) == "-");
  CHECK(percent(0, 5) == "0%");
  CHECK(percent(1, 300) == "0.3%");
  CHECK(percent(1, 8) == "12%");
}
