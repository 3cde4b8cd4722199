#pragma once

/// \file
/// Writes the pieces of an answer as events. Internal.

#include <vx11/chat_stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/sse.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Writes pieces as numbered `message` events and collects their text.
class EventWriter final : public ChatPieceSink {
 public:
  void take(std::string_view data, std::string_view text) override {
    if (text.empty()) return;  // a part that is no text, which this API does not have
    if (out_.empty()) out_.reserve(expected_);
    if (data.starts_with('{')) {
      append_event(out_, ++last_id_, "message", data);
    } else {  // a dialect whose events are no JSON objects
      json::Writer delta(text.size() + 16);
      delta.open('{').key("delta").string(text).close('}');
      append_event(out_, ++last_id_, "message", std::move(delta).take());
    }
    if (text_.size() < kMostKept) collect(text);
  }
  /// Writes the last event.
  void last(std::string_view name, std::string_view data) {
    append_last_event(out_, ++last_id_, name, data);
  }

  std::string take_out() noexcept {
    expected_ = static_cast<std::uint32_t>(std::clamp(out_.size(), kUsual, kMostExpected));
    return std::exchange(out_, {});
  }
  std::string take_text() noexcept { return std::move(text_); }
  bool has_text() const noexcept { return !text_.empty(); }

 private:
  /// A stream holds its text to its end, so that grows by an eighth and is not doubled.
  void collect(std::string_view text) {
    const std::size_t size = text_.size() + text.size();
    if (size > text_.capacity()) {
      std::string larger;
      larger.reserve(size + size / 8 + 32);
      text_.swap(larger.append(text_));
    }
    text_ += text;
  }

  /// An event with a word or two.
  static constexpr std::size_t kUsual = 128;
  static constexpr std::size_t kMostExpected = 16 * 1024;
  /// Limit for the part of an endless answer that is kept in the session.
  static constexpr std::size_t kMostKept = 1024 * 1024;

  std::uint32_t expected_ = kUsual;  ///< What was handed over last: the next may be as much.
  std::uint32_t last_id_ = 0;
  std::string out_ = {};
  std::string text_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
