#pragma once

/// \file
/// An upstream that answers with the test's list of pieces.

#include <vx11/streaming.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace streaming_script {

/// The pieces of a body; an error ends it, and so does the last of them.
using Pieces = std::vector<vx11::Result<std::string>>;

/// The number of bodies begun and not dropped.
using Open = std::shared_ptr<std::atomic<int>>;

class ScriptedBody final : public vx11::BodyStream {
 public:
  /// Each piece advances `clock`, unless it is null, by `before_each`.
  ScriptedBody(Pieces pieces, Open open, vx11::testing::ManualClock* clock = nullptr,
               vx11::Duration before_each = {})
      : pieces_(pieces.begin(), pieces.end()),
        open_(std::move(open)),
        clock_(clock),
        before_each_(before_each) {
    ++*open_;
  }
  ~ScriptedBody() override { --*open_; }

  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
    if (deadline.cancelled()) co_return vx11::fail(vx11::Errc::cancelled, "scripted");
    if (pieces_.empty()) co_return std::string();
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    if (clock_ != nullptr) clock_->advance(before_each_);
    co_return piece;
  }

 private:
  std::deque<vx11::Result<std::string>> pieces_;
  Open open_;
  vx11::testing::ManualClock* clock_;
  vx11::Duration before_each_;
};

/// Answers every request with one head and one list of pieces, or with an error.
class ScriptedStream final : public vx11::StreamingTransport {
 public:
  explicit ScriptedStream(Pieces pieces, std::string type = "text/event-stream", int status = 200)
      : head_(vx11::HttpResponse(status, std::move(type), {})), pieces_(std::move(pieces)) {}
  explicit ScriptedStream(vx11::Errc code) : head_(vx11::fail(code, "scripted")) {}

  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline) override {
    co_return vx11::fail(vx11::Errc::unreachable, "only streams");
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const vx11::HttpRequest& request,
                                                        vx11::Deadline deadline) override {
    ++calls_;
    accept_ = request.headers.get("Accept");
    if (deadline.cancelled()) co_return vx11::fail(vx11::Errc::cancelled, "scripted");
    if (!head_) co_return vx11::fail(head_.error());
    auto body = std::make_unique<ScriptedBody>(pieces_, open_, clock_, before_each_);
    co_return vx11::StreamedResponse(*head_, std::move(body));
  }

  /// From now on each piece takes that long by `clock`.
  void takes(vx11::testing::ManualClock& clock, vx11::Duration before_each) {
    clock_ = &clock;
    before_each_ = before_each;
  }

  int calls() const { return calls_; }
  int open_bodies() const { return *open_; }
  /// The Accept field of the last request.
  const std::string& accept() const { return accept_; }

 private:
  vx11::Result<vx11::HttpResponse> head_;
  Pieces pieces_ = {};
  Open open_ = std::make_shared<std::atomic<int>>(0);
  std::atomic<int> calls_{0};
  std::string accept_ = {};
  vx11::testing::ManualClock* clock_ = nullptr;
  vx11::Duration before_each_ = {};
};

inline vx11::Result<std::string> broken(vx11::Errc code) {
  return vx11::fail(code, "scripted");
}

inline std::shared_ptr<ScriptedStream> stream_of(Pieces pieces) {
  return std::make_shared<ScriptedStream>(std::move(pieces));
}

}  // namespace streaming_script
