#pragma once

/// \file
/// The events of a chat's answer, from the gateway's stream or from a whole answer. Internal.

#include <memory>

#include <nlohmann/json.hpp>

#include "operator/chats/chat_record.hpp"
#include "operator/chats/chats.hpp"

namespace backend {

/// Reads the gateway's stream.
std::unique_ptr<ChatEvents> stream_events(std::unique_ptr<ChatRecord> record,
                                          std::unique_ptr<vx11::BodyStream> body);

/// One piece and the end, for an answer that came whole and is recorded.
std::unique_ptr<ChatEvents> whole_events(const ChatRecord& record, nlohmann::json answer);

/// The events as `text/event-stream`.
std::unique_ptr<vx11::BodyStream> event_stream_of(std::unique_ptr<ChatEvents> events);

}  // namespace backend
