#pragma once

/// \file
/// What answering a chat takes, whether as a whole or piece by piece. Internal.

#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "json_writer.hpp"
#include "operator/context.hpp"

namespace vx11::inline v0::endpoints {

/// Who answered, in the words of the contract.
struct ChatOrigin {
  std::string source = {};
  std::string reason = {};  ///< Why it was not the primary; empty if it was.
};
ChatOrigin origin_of(const std::string& target, const std::string& reason,
                     const std::string& primary);

/// How it went with the session's store.
enum class Memory : unsigned char { kept, not_read, not_stored };

/// A question with what was said before, ready to be asked.
struct ChatTurn {
  ChatTurn() = default;
  ChatRequest chat = {};
  Message question = {};
  Memory memory = Memory::kept;
};

/// Reads the request's body and the session. \return the answer to a body that is not right
Task<tl::expected<ChatTurn, HttpResponse>> open_turn(const Context& context,
                                                     const HttpRequest& request);

/// Stores question and answer as one, before the client can have seen the end of the answer: what
/// it has seen is there after a crash.
Task<Memory> close_turn(const Context& context, std::string session_id, std::string user_id,
                        Message question, std::string answer, ChatOrigin origin, Memory memory);

/// Writes `degraded` and `metadata`, the same for both forms of answer.
void write_metadata(json::Writer& json, const ChatOrigin& origin, std::span<const Attempt> attempts,
                    std::string_view upstream_json, Memory memory);

/// Nobody answered: 503.
HttpResponse offline(const std::string& session_id, const ChatFailure& failure,
                     const std::string& primary);

}  // namespace vx11::inline v0::endpoints
