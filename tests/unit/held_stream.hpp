#pragma once

/// \file
/// An upstream whose stream waits until the test sends something, and tasks that wait with it.

#include <vx11/streaming.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace held_stream {

/// What an upstream has sent and its reader has not taken; everything on the test's thread.
class Line {
 public:
  /// Sends bytes; empty: the end.
  void send(std::string bytes) { put(std::move(bytes)); }
  void fail(vx11::Errc code) { put(vx11::fail(code, "scripted")); }
  bool is_waited_for() const noexcept { return reader_ != nullptr; }

  struct Arrival {
    Line& line;
    bool await_ready() const noexcept { return line.next_.has_value(); }
    void await_suspend(std::coroutine_handle<> reader) const noexcept { line.reader_ = reader; }
    vx11::Result<std::string> await_resume() const {
      vx11::Result<std::string> got = *std::move(line.next_);
      line.next_.reset();
      return got;
    }
  };

 private:
  void put(vx11::Result<std::string> what) {
    next_ = std::move(what);
    if (reader_) std::exchange(reader_, nullptr).resume();
  }

  std::optional<vx11::Result<std::string>> next_ = std::nullopt;
  std::coroutine_handle<> reader_ = nullptr;
};

/// Reads the line until it is cancelled.
inline vx11::Task<vx11::Result<std::string>> read(Line& line, vx11::Deadline deadline) {
  const auto cancel = [&line] {
    if (line.is_waited_for()) line.fail(vx11::Errc::cancelled);
  };
  const std::stop_callback on_stop(deadline.stop_token(), cancel);
  if (deadline.cancelled()) co_return vx11::fail(vx11::Errc::cancelled, "scripted");
  Line::Arrival arrival{line};
  co_return co_await arrival;
}

class HeldBody final : public vx11::BodyStream {
 public:
  HeldBody(Line& line, int& open) : line_(line), open_(open) { ++open_; }
  ~HeldBody() override { --open_; }
  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
    return read(line_, std::move(deadline));
  }

 private:
  Line& line_;
  int& open_;
};

/// Sends what the test sends: first anything, which stands for the head, then the events.
class HeldStream final : public vx11::StreamingTransport {
 public:
  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline) override {
    co_return vx11::fail(vx11::Errc::unreachable, "only streams");
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const vx11::HttpRequest&,
                                                        vx11::Deadline deadline) override {
    auto heading = read(line, std::move(deadline));
    const auto head = co_await std::move(heading);
    if (!head) co_return vx11::fail(head.error());
    co_return vx11::StreamedResponse(vx11::HttpResponse(200, "text/event-stream", {}),
                                     std::make_unique<HeldBody>(line, open_bodies));
  }

  Line line;
  int open_bodies = 0;
};

/// A task that was started and may wait.
template <class T>
class Running {
 public:
  explicit Running(vx11::Task<T> task) : task_(std::move(task)) {
    if (vx11::detail::TaskAccess::start(
            task_, [](void* over) { *static_cast<bool*>(over) = true; }, &over_)) {
      over_ = true;
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  bool over() const noexcept { return over_; }
  T take() {
    REQUIRE(over_);
    return vx11::detail::TaskAccess::take(task_);
  }

 private:
  vx11::Task<T> task_;
  bool over_ = false;
};

}  // namespace held_stream
