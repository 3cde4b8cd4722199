#pragma once

/// \file
/// Chat messages, and `ChatDialect`: the request, reply and event formats of one kind of upstream.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/stream_framing.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

class RequestTrace;

/// An earlier message of a conversation.
struct ChatMessage {
  ChatMessage() = default;
  ChatMessage(std::string who, std::string words) : role(std::move(who)), text(std::move(words)) {}

  std::string role = "user";  ///< `system`, `user` or `assistant`.
  std::string text = {};      ///< UTF-8.
};

/// A chat request. A value type with a constructor, so that it can be passed to coroutines.
struct ChatRequest {
  ChatRequest() = default;
  ChatRequest(std::string question, std::string session)
      : message(std::move(question)), session_id(std::move(session)) {}

  std::string message = {};          ///< UTF-8, not empty.
  std::string session_id = {};       ///< Context-7 session of the chat.
  std::string user_id = "local";     ///< The user; the contract's default.
  std::string mode = {};             ///< Sent in the metadata when not empty.
  std::string metadata_json = "{}";  ///< The client's metadata: the text of a JSON object.
  std::string context_summary = {};  ///< History summary, from `context_summary()`.
  /// Earlier messages, oldest first, for upstreams that take a conversation. The built-in dialects
  /// of switch and madre send `context_summary` instead.
  std::vector<ChatMessage> history{};
  /// The request body of a client of the OpenAI chat API, as the client sent it: the text of a JSON
  /// object, or empty. A dialect of that API sends it on unchanged but for the model; any other one
  /// uses `message` and `history`, and refuses members that it cannot express.
  std::string completion_json = {};
  /// Sent to upstreams in `X-Request-Id` when not empty, unless the target has a header of that
  /// name.
  std::string request_id = {};
  /// The trace of the request that this chat answers (vx11/tracing.hpp): each attempt becomes a
  /// span of it, whose id its upstream gets in `traceparent`. Null, the default: not traced.
  std::shared_ptr<RequestTrace> trace = {};
  /// Of a program that has traces of its own: sent to upstreams as `traceparent` and `tracestate`
  /// when not empty, unless `trace` is set or the target has headers of those names.
  std::string traceparent = {};
  std::string tracestate = {};
};

/// How an answer ended and what it cost, as far as the upstream reports it.
struct ChatEnding {
  ChatEnding() = default;

  /// In the terms of the OpenAI chat API: `stop`, `length`, `tool_calls`, `content_filter`.
  std::string finish_reason = "stop";
  std::optional<std::uint64_t> input_tokens = std::nullopt;
  std::optional<std::uint64_t> output_tokens = std::nullopt;
};

/// The answer of one upstream.
struct ChatAnswer {
  ChatAnswer() = default;
  ChatAnswer(std::string answer, std::string members)
      : text(std::move(answer)), upstream_json(std::move(members)) {}

  std::string text = {};
  std::string upstream_json = "{}";  ///< Its other members, as the text of a JSON object.
  ChatEnding ending = {};
  /// The body of the response as the upstream sent it, if it speaks the OpenAI chat API and there
  /// is an answer in it. Of another API, if it has tool calls, and of Anthropic's also if there is
  /// a reason to be without text: an object with `choices` in that form, and neither `id`,
  /// `created` nor `usage`. Else empty.
  std::string completion_json = {};
  /// The model has ended its answer without saying anything: `completion_json` has neither text nor
  /// another part, nor a reason for that. Such an answer counts only for a client of the OpenAI
  /// chat API, and only if no other target answers.
  bool is_empty = false;
};

/// The form in which an answer is requested.
enum class AnswerForm : unsigned char {
  whole,   ///< One response with the complete text.
  stream,  ///< Events, where the upstream has them.
};

/// One event of a stream, with the fields of a server-sent event (WHATWG HTML §9.2.6). Its texts
/// are views, valid during the call that gets it.
struct ServerSentEvent {
  std::string_view name = "message";
  std::string_view data = {};
  std::string_view id = {};  ///< The last id of the stream so far; empty: none.
};

/// What an event of a stream means.
enum class ChatEventKind : unsigned char {
  piece,  ///< A piece of the answer's text.
  /// A part of the answer that is no text, such as a piece of a tool call. Delivered as a piece
  /// whose text is empty.
  part,
  /// Belongs to the answer but contains nothing of it, such as its role or its usage. Delivered as
  /// `part` is, but does not begin the answer: before the first piece or part it is kept back.
  envelope,
  ignored,  ///< Not part of the answer; passed over.
  end,      ///< The answer is complete. Only this ends a stream well.
  error,    ///< The upstream reports a failure, or sent an event that is damaged.
};

/// Reads the events of one streamed answer, in order. Created for one stream and used by one thread
/// at a time.
class VX11_API ChatEventReader {
 public:
  ChatEventReader() = default;
  ChatEventReader(const ChatEventReader&) = delete;
  ChatEventReader& operator=(const ChatEventReader&) = delete;
  virtual ~ChatEventReader() = default;

  /// Reads one event and appends the text of a piece to `text`. A piece without text counts as
  /// ignored. Not called again after `end` or `error`. An exception counts as `error`.
  virtual ChatEventKind read(const ServerSentEvent& event, std::string& text) = 0;
  /// Replaces `ChatPiece::data` of the event that was read last, which was a piece or a part:
  /// `{"tool_calls":[…]}`, a list as in the deltas of the OpenAI chat API, for dialects that
  /// translate tool calls. Valid until the next `read`. Empty, the default: not replaced.
  virtual std::string_view translated() const noexcept { return {}; }
  /// Whether the answer is complete if the stream ends cleanly now, without a further event; called
  /// at such an end. For upstreams whose last event is optional and whose answer shows otherwise
  /// that nothing is missing. The default: only `end` is an end.
  virtual bool complete_at_close() const { return false; }
  /// What the upstream sent besides the text, as the text of a JSON object; called after the end.
  virtual std::string upstream_json() const { return "{}"; }
  /// How the answer ended; called after the end.
  virtual ChatEnding ending() const { return {}; }
};

/// A request, and what of the chat it leaves out.
struct EncodedChat {
  EncodedChat() = default;
  explicit EncodedChat(HttpRequest encoded, std::vector<std::string> left_out = {})
      : request(std::move(encoded)), ignored(std::move(left_out)) {}

  HttpRequest request = {};            ///< As `ChatDialect::ask`.
  std::vector<std::string> ignored{};  ///< As `ChatDialect::ignored_members`.
};

/// What an upstream is, in the words of OpenTelemetry's conventions for generative AI. Views into
/// the dialect.
struct ModelIdentity {
  std::string_view operation = "chat";  ///< `gen_ai.operation.name`.
  std::string_view provider = {};       ///< `gen_ai.provider.name`; empty: unknown.
  std::string_view model = {};          ///< The model that is asked for; empty: the client's.
};

/// Builds the requests of one kind of upstream and parses its answers.
///
/// Pure functions of their arguments: no I/O, no mutable state. Thread-safe; shared between targets
/// by `std::shared_ptr<const ChatDialect>`. Implement the `ask` with a form, and `read`.
class VX11_API ChatDialect {
 public:
  ChatDialect() = default;
  ChatDialect(const ChatDialect&) = delete;
  ChatDialect& operator=(const ChatDialect&) = delete;
  virtual ~ChatDialect() = default;

  /// The request for an answer in one piece. Dialects written for 0.1 implement only this one; it
  /// will be removed in 0.3. The default refuses.
  virtual Result<HttpRequest> ask(const ChatRequest& chat) const;
  /// The request for `chat`, without origin; the caller adds that and its own headers. The default
  /// calls the one above and ignores the form.
  /// \param form `stream` only if the dialect has an event reader
  /// \return `invalid_argument` if `chat` cannot be encoded, for example because its metadata is
  ///         not JSON, with a detail that names the member. The router asks the next target then.
  virtual Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const;
  /// Parses the answer from a response whose status is 2xx.
  /// \return an empty text if the response is understood but contains none; the router falls back
  ///         and does not count it, since the request may be the cause. An answer that is no text,
  ///         such as tool calls, has a `completion_json` instead. `invalid_reply` if it is not
  ///         understood, which counts as a failure.
  virtual Result<ChatAnswer> read(const HttpResponse& response) const = 0;
  /// A reader for the events of one answer. Null, the default: the dialect has no streams, so
  /// `Router::async_stream` requests the whole answer and delivers it as one piece.
  virtual std::unique_ptr<ChatEventReader> event_reader() const;
  /// The members of `ChatRequest::completion_json` that the request leaves out although it was not
  /// refused: hints that the upstream has no place for. Reported to the client.
  virtual std::vector<std::string> ignored_members(const ChatRequest& chat) const;
  /// Both at once; this is what the router calls. The default calls `ask` with the form and, for a
  /// chat with a `completion_json`, `ignored_members`, whose exceptions leave the list empty.
  /// Override it where both read the same body, which is then read once.
  /// \return as `ask`
  virtual Result<EncodedChat> encode(const ChatRequest& chat, AnswerForm form) const;
  /// The form of its streams. Each event of `json_lines` reaches the reader as a `message` whose
  /// data is the line.
  virtual StreamFraming framing() const { return StreamFraming::server_sent_events; }
  /// For traces and metrics. The default: a chat of an unknown provider.
  virtual ModelIdentity identity() const noexcept { return {}; }
};

/// switch: `POST /switch/route-v5`; reads `response`, else `reply`, else `message`.
///
/// The events of both built-in dialects: `message` is a piece if its data is a JSON object with
/// text in `delta`, `response`, `reply`, `message` or `content`; `done` is the end, and its other
/// members are `upstream_json`; `error`, an object with an `error` member, and an object that is
/// cut short are errors. Everything else is ignored, such as other names, `[DONE]` and other JSON.
VX11_API std::shared_ptr<const ChatDialect> switch_dialect();
/// madre: `POST /madre/chat`; reads `response`.
VX11_API std::shared_ptr<const ChatDialect> madre_dialect();

}  // namespace v0
}  // namespace vx11
