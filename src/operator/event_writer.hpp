#pragma once

/// \file
/// Writes the pieces of an answer as events. Internal.

#include <vx11/chat_stream.hpp>

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
    if (out_.empty()) out_.reserve(kUsual);
    if (data.starts_with('{')) {
      append_event(out_, ++last_id_, "message", data);
    } else {  // a dialect whose events are no JSON objects
      json::Writer delta(text.size() + 16);
      delta.open('{').key("delta").string(text).close('}');
      append_event(out_, ++last_id_, "message", std::move(delta).take());
    }
    if (text_.size() < kMostKept) text_ += text;
  }
  /// Writes the last event.
  void last(std::string_view name, std::string_view data) {
    append_last_event(out_, ++last_id_, name, data);
  }

  std::string take_out() noexcept { return std::exchange(out_, {}); }
  std::string take_text() noexcept { return std::move(text_); }
  bool has_text() const noexcept { return !text_.empty(); }

 private:
  /// An event with a word or two.
  static constexpr std::size_t kUsual = 256;
  /// Limit for the part of an endless answer that is kept in the session.
  static constexpr std::size_t kMostKept = 1024 * 1024;

  std::string out_ = {};
  std::string text_ = {};
  std::uint64_t last_id_ = 0;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
