#include <vx11/http_routes.hpp>
#include <vx11/replaceable_handler.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using vx11::Deadline;
using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::ReplaceableHandler;
using vx11::StreamedResponse;
using vx11::Task;

namespace {

/// Two pieces, each checked against the handler's life.
class Pieces final : public vx11::BodyStream {
 public:
  explicit Pieces(const std::string& name) : name_(name) {}
  Task<vx11::Result<std::string>> next(Deadline) override {
    return vx11::Result<std::string>(left_-- > 0 ? name_ : std::string());
  }
  bool failed() const noexcept override { return left_ < 0; }

 private:
  const std::string& name_;  // the handler's
  int left_ = 2;
};

/// Answers with its name, and counts itself.
class Named final : public vx11::HttpHandler {
 public:
  Named(std::string name, std::atomic<int>& alive) : name_(std::move(name)), alive_(alive) {
    ++alive_;
  }
  ~Named() override { --alive_; }

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    if (head.target == "/refused") return tl::unexpected(HttpResponse(404));
    return HttpAdmission(*this, 10, {.route = this});
  }
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline) const override {
    CHECK(&admission.issuer() == this);
    CHECK(admission.match().route == this);
    if (request.target == "/stream") {
      co_return StreamedResponse(HttpResponse(200), std::make_unique<Pieces>(name_));
    }
    co_return StreamedResponse(HttpResponse(200, "text/plain", name_), nullptr);
  }
  void drain() noexcept override { drained = true; }

  std::atomic<bool> drained = false;

 private:
  std::string name_;
  std::atomic<int>& alive_;
};

struct Fixture {
  std::atomic<int> alive = 0;
  std::shared_ptr<Named> first = std::make_shared<Named>("first", alive);
  std::shared_ptr<Named> second = std::make_shared<Named>("second", alive);
  ReplaceableHandler handler{first};

  void replace() {
    handler.replace(second);
    first.reset();
  }
  static StreamedResponse open(const HttpRequest& request, const HttpAdmission& admission) {
    return vx11::sync_wait(admission.handler().open(request, admission, {}));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a request is answered by the handler that admitted it") {
  const HttpRequest request("GET", {}, "/");
  {
    const auto before = handler.admit(request);
    REQUIRE(before);
    CHECK(before->max_body_bytes() == 10);
    CHECK(&before->handler() == &handler);
    replace();
    CHECK(alive == 2);
    CHECK(open(request, *before).head.body == "first");
  }
  CHECK(alive == 1);
  CHECK(open(request, *handler.admit(request)).head.body == "second");
}

TEST_CASE_FIXTURE(Fixture, "the owner of an admission keeps the handler of a stream") {
  const HttpRequest request("GET", {}, "/stream");
  std::shared_ptr<const void> owner;
  StreamedResponse answer;
  {
    const auto admission = handler.admit(request);
    REQUIRE(admission);
    owner = admission->owner();
    answer = open(request, *admission);
  }
  replace();
  CHECK(alive == 2);
  for (const char* piece : {"first", "first", ""}) {
    CHECK_FALSE(answer.body->failed());
    CHECK(vx11::sync_wait(answer.body->next({})).value() == piece);
  }
  CHECK(answer.body->failed());
  answer.body.reset();
  owner.reset();
  CHECK(alive == 1);
}

TEST_CASE_FIXTURE(Fixture, "refusals keep nothing") {
  const auto refused = handler.admit(HttpRequest("GET", {}, "/refused"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 404);
  replace();
  CHECK(alive == 1);
}

TEST_CASE_FIXTURE(Fixture, "what replaces a drained handler is drained") {
  handler.drain();
  CHECK(first->drained);
  CHECK_FALSE(second->drained);
  replace();
  CHECK(second->drained);
}

TEST_CASE_FIXTURE(Fixture, "one inside another is refused, since one owner would be lost") {
  ReplaceableHandler outer{std::make_shared<ReplaceableHandler>(first)};
  const auto refused = outer.admit(HttpRequest("GET", {}, "/"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 500);
}

TEST_CASE_FIXTURE(Fixture, "replacing while threads are served loses no request and no handler") {
  std::atomic<bool> done = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const HttpRequest request("GET", {}, i % 2 == 0 ? "/" : "/stream");
      while (!done) {
        const auto admission = handler.admit(request);
        REQUIRE(admission);
        REQUIRE(open(request, *admission).head.status == 200);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) {
    handler.replace(std::make_shared<Named>(std::to_string(i), alive));
  }
  done = true;
  threads.clear();
  first.reset();
  second.reset();
  CHECK(alive == 1);
}
