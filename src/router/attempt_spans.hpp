#pragma once

/// \file
/// The spans of a chat's attempts, from its ledger. Internal.

#include <vx11/router.hpp>
#include <vx11/tracing.hpp>

#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// What a span says of the answer beside the ledger. Views, valid during the call.
struct TracedAnswer {
  std::string_view client_model = {};     ///< Of the request; empty: it names none.
  std::string_view completion_json = {};  ///< As `ChatReply::completion_json`.
  const ChatEnding* ending = nullptr;     ///< Null: there is no answer.
  bool is_stream = false;
  bool has_failed = false;  ///< No target answered, or the stream broke off.
};

/// Adds a span for each attempt. Spans that memory does not suffice for are lost.
void add_attempt_spans(RequestTrace& trace, const RouterOptions& options,
                       std::span<const Attempt> attempts, const TracedAnswer& answer) noexcept;

/// The model that a client of the OpenAI API asks for; empty if it names none.
std::string client_model_of(const ChatRequest& chat);

/// Ends the attempts of a chat whose answer is complete, or which has none.
/// \param reply null: none
void trace_chat(const ChatRequest& chat, const RouterOptions& options,
                std::span<const Attempt> attempts, const ChatReply* reply, bool is_stream) noexcept;

}  // namespace v0
}  // namespace vx11
