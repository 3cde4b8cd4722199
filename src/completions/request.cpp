#include "completions/request.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "completions/member_rules.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

using json::Kind;
using json::Member;

enum Field : std::size_t { model, messages, stream, stream_options, user, metadata };
constexpr std::array<std::string_view, 6> kFields = {"model",          "messages", "stream",
                                                     "stream_options", "user",     "metadata"};
constexpr std::array<std::string_view, 6> kRoles = {"system",    "developer", "user",
                                                    "assistant", "tool",      "function"};
/// As for the operator's chats.
constexpr std::size_t kMaxIdBytes = 256;
constexpr std::string_view kContent = ".content";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_good_text(const Member& member) noexcept {
  return member.kind == Kind::string && !member.has_lone_surrogate;
}

bool has_control_bytes(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Reads one body. Each step returns whether it found no mistake.
class Reader {
 public:
  bool read(const std::string& body, SessionMember session_member) {
    const auto scanned = json::scan_object(body, kFields);
    if (!scanned) return wrong("", "the body is not a JSON object: " + scanned.error().detail);
    const auto& members = scanned->members;
    const bool good = read_model(members[model]) && read_stream(members[stream]) &&
                      read_stream_options(members[stream_options]) && read_user(members[user]) &&
                      read_metadata(members[metadata]) && read_messages(members[messages]);
    if (!good) return false;
    if (session_member == SessionMember::metadata_or_user && call.chat.session_id.empty()) {
      call.chat.session_id = std::string(user_);
    }
    call.chat.completion_json = without_mark(body);
    return true;
  }

  CompletionCall call = {};
  Refusal mistake = {};

 private:
  bool wrong(std::string param, std::string message) {
    mistake = {std::move(param), std::move(message)};
    return false;
  }

  bool read_model(const Member& member) {
    if (!is_word(member) || member.text.empty()) {
      return wrong("model", std::string(kModelMistake));
    }
    call.model = member.text;
    return true;
  }

  bool read_stream(const Member& member) {
    if (is_absent(member)) return true;
    if (member.kind != Kind::boolean) return wrong("stream", "stream must be true or false");
    if (member.text == "true") call.form = AnswerForm::stream;
    return true;
  }

  bool read_stream_options(const Member& member) {
    if (is_absent(member)) return true;
    constexpr std::array<std::string_view, 1> kUsage = {"include_usage"};
    const auto scanned = json::scan_object(member.text, kUsage);
    if (member.kind != Kind::object || !scanned) {
      return wrong("stream_options", "stream_options must be an object");
    }
    call.wants_usage = scanned->members[0].text == "true";
    return true;
  }

  bool read_user(const Member& member) {
    if (is_absent(member)) return true;
    if (!is_word(member)) {
      return wrong("user", "user must be a string of at most 256 bytes without control characters");
    }
    call.chat.user_id = member.text.empty() ? call.chat.user_id : std::string(member.text);
    user_ = member.text;
    return true;
  }

  bool read_metadata(const Member& member) {
    if (is_absent(member)) return true;
    constexpr std::array<std::string_view, 1> kSession = {"session_id"};
    const auto scanned = json::scan_object(member.text, kSession);
    if (member.kind != Kind::object || !scanned) {
      return wrong("metadata", "metadata must be an object");
    }
    const Member& session = scanned->members[0];
    if (!is_absent(session) && !is_word(session)) {
      return wrong("metadata.session_id",
                   "metadata.session_id must be a string of at most 256 bytes without control "
                   "characters");
    }
    if (!is_absent(session)) call.chat.session_id = session.text;
    call.chat.metadata_json = std::string(member.text);
    return true;
  }

  bool read_messages(const Member& member) {
    std::vector<ChatMessage>& read = call.chat.history;
    json::ArrayItems items(member.kind == Kind::array ? member.text : std::string_view());
    while (!items.rest().empty()) {
      std::size_t size = 0;
      if (!read_message(items.rest(), size, read)) return false;
      items.pass(size);
    }
    if (read.empty()) return wrong("messages", "messages must be a list of at least one message");
    const auto question =
        std::find_if(read.rbegin(), read.rend(), [](const auto& m) { return m.role == "user"; });
    if (question == read.rend()) return true;
    call.chat.message = std::move(question->text);
    read.erase(std::prev(question.base()), read.end());
    return true;
  }

  /// A mistake in the message that is read, the next of the history, or in a part of it.
  bool wrong_message(std::string_view part, std::string_view mistake) {
    const std::string place = fmt::format("messages[{}]{}", call.chat.history.size(), part);
    return wrong(place, fmt::format("{}{}", place, mistake));
  }

  /// \param text begins with the message
  /// \param size becomes that of the message
  bool read_message(std::string_view text, std::size_t& size, std::vector<ChatMessage>& into) {
    constexpr std::array<std::string_view, 2> kNames = {"role", "content"};
    const auto scanned = json::scan_front(text, kNames, size);
    if (!scanned) return wrong_message("", " must be an object");
    const Member& role = scanned->members[0];
    const bool is_role = role.kind == Kind::string &&
                         std::find(kRoles.begin(), kRoles.end(), role.text) != kRoles.end();
    if (!is_role) {
      return wrong_message(".role",
                           " must be system, developer, user, assistant, tool or function");
    }
    std::string content;
    if (!read_content(scanned->members[1], content)) return false;
    into.emplace_back(std::string(role.text), std::move(content));
    return true;
  }

  bool read_content(const Member& content, std::string& text) {
    if (is_absent(content)) return true;
    if (is_good_text(content)) return text = content.text, true;
    if (content.kind != Kind::array) {
      return wrong_message(kContent,
                           " must be a string, without lone surrogates, or a list of parts");
    }
    json::ArrayItems parts(content.text);
    while (const auto part = parts.next()) {
      if (!read_part(*part, text)) return false;
    }
    return true;
  }

  /// The texts of several parts are joined by line ends.
  bool read_part(std::string_view part, std::string& text) {
    constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
    const auto scanned = json::scan_object(part, kNames);
    if (!scanned || scanned->members[0].kind != Kind::string) {
      return wrong_message(kContent, ": a part must be an object with a type");
    }
    if (scanned->members[0].text != "text") return true;
    const Member& words = scanned->members[1];
    if (!is_good_text(words)) {
      return wrong_message(kContent, ": the text of a part must be a string");
    }
    if (!text.empty()) text += '\n';
    text += words.text;
    return true;
  }

  std::string user_ = {};
};

}  // namespace

bool is_word(const json::Member& member) noexcept {
  return is_good_text(member) && member.text.size() <= kMaxIdBytes &&
         !has_control_bytes(member.text);
}

std::string_view without_mark(std::string_view body) noexcept {
  return body.substr(body.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

Result<CompletionCall, HttpResponse> read_completion_call(const std::string& body,
                                                          SessionMember session_member) {
  Reader reader;
  if (reader.read(body, session_member)) return std::move(reader.call);
  return tl::unexpected(refusal_response(reader.mistake));
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
