#pragma once

/// \file
/// The event format of switch and madre. Internal.

#include <vx11/chat.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// Reads the events of the built-in dialects, as `switch_dialect` describes them.
class JsonEventReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override;
  std::string upstream_json() const override { return upstream_json_; }

 private:
  ChatEventKind read_done(std::string_view data);

  std::string upstream_json_ = "{}";
};

}  // namespace v0
}  // namespace vx11
