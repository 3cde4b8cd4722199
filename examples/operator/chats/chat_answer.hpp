#pragma once

/// \file
/// The members of a chat's answer, and the text of the pieces of a stream. Internal.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace backend {

/// Whether `body` is a chat's answer; what answers 200 may not be the gateway.
/// \param is_whole with `response`; else the end of a stream
bool is_chat_answer(const nlohmann::json& body, bool is_whole);

/// Adds `fallback_source`, `provider`, `model_used` and `latency_ms`; drops what is not described.
void complete_answer(nlohmann::json& body, double latency_ms);

/// Whether another upstream answered than the first choice.
bool is_fallback(const nlohmann::json& body);

/// The text of a piece, whose form is that of the upstream: `{"delta"}`, chunks of the OpenAI API,
/// and others. Empty if it has none.
std::string piece_text(std::string_view data);

}  // namespace backend
