#pragma once

/// \file
/// Answers of the OpenAI chat API, and the member `vx11` in them. Internal.

#include <vx11/attempt.hpp>
#include <vx11/chat.hpp>
#include <vx11/router.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "completions/session_turn.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Identifies one answer.
struct AnswerHead {
  AnswerHead() = default;
  AnswerHead(std::string model, std::int64_t created);

  std::string id = {};
  std::string model = {};
  std::int64_t created = 0;
};

/// Writes `id`, `object`, `created` and `model`.
void write_head(json::Writer& json, const AnswerHead& head, std::string_view object);

/// Where an answer came from: views of a reply or a stream.
struct Provenance {
  Provenance(std::string_view source, std::string_view reason, std::span<const Attempt> attempts,
             std::span<const std::string> ignored, const SessionTurn& turn) noexcept
      : source(source), reason(reason), attempts(attempts), ignored(ignored), turn(turn) {}

  std::string_view source;
  std::string_view reason;
  std::span<const Attempt> attempts;
  std::span<const std::string> ignored;
  const SessionTurn& turn;
};

/// The value of the member `vx11`.
std::string provenance_json(const Provenance& from);

/// `object`, which is valid JSON of an object, with a last member `vx11`; all else as it is.
std::string with_provenance(std::string_view object, const Provenance& from);

/// What an answer cost, in numbers that every reader of JSON represents exactly.
struct Tokens {
  explicit Tokens(const ChatEnding& ending) noexcept;

  std::int64_t input;
  std::int64_t output;
  bool are_known;  ///< Whether the upstream reported any.
};

/// The members `usage` of an answer; nothing if the upstream reported no tokens.
void write_usage(json::Writer& json, const ChatEnding& ending);

/// `object`, the `completion_json` of an answer, with the members of a completion that it lacks:
/// those of the head, and `usage`. One with a `created` is returned as it is.
std::string with_head(const std::string& object, const AnswerHead& head, const ChatEnding& ending);

/// Whether the upstream's own answer needs nothing but the member `vx11`.
bool is_complete(const ChatReply& reply);
/// Such an answer with that member.
std::string own_body(const ChatReply& reply, const Provenance& from);

/// A whole answer: the upstream's own with what it lacks, or one made of its text.
std::string completion_body(const ChatReply& reply, const AnswerHead& head, const Provenance& from);

/// The refusal in the first choice of an answer or a chunk.
/// \param name of the member with the message: `message`, in chunks `delta`
/// \return empty if there is none
std::string refusal_in(std::string_view completion, std::string_view name);

/// Whether the client asked for a last chunk with the usage.
enum class UsageChunk : bool { no, yes };

/// A whole answer of the API as the chunks of a stream.
/// \param object_json as the upstream sent it
/// \return the data of the events; empty if it cannot be converted
std::vector<std::string> chunks_of(const std::string& object_json, UsageChunk wanted);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
