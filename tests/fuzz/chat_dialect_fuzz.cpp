// The chat dialects, with nlohmann_json as the oracle: the input's first line is a message, its
// second the client's metadata, the rest an upstream's answer.

#include <vx11/chat.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz.hpp"

namespace {

using nlohmann::json;
using Texts = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kTexts = {"response", "reply", "message"};

json parsed(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return json(json::value_t::discarded);
  return json::parse(text.begin(), text.end(), nullptr, false);
}

/// Whether `text` is UTF-8. Other bytes are replaced in JSON; the number per replacement is
/// unspecified.
bool is_utf8(std::string_view text) {
  const std::string quoted = json(text).dump(-1, ' ', false, json::error_handler_t::ignore);
  return json::parse(quoted) == text;
}

void check_question(const vx11::ChatDialect& dialect, const vx11::ChatRequest& chat,
                    const char* message, const char* context) {
  const auto request = dialect.ask(chat);
  if (!request) {
    fuzz::require(request.error().code == vx11::Errc::invalid_argument,
                  "a bad chat is our caller's");
    return;
  }
  const json body = parsed(request->body);
  fuzz::require(body.is_object(), "a request is a JSON object");
  fuzz::require(body.at(message) == chat.message || !is_utf8(chat.message),
                "the message arrives as it was");
  fuzz::require(body.at("session_id") == chat.session_id, "the session arrives as it was");
  const json& sent = body.at(context);
  fuzz::require(sent.at("context_summary") == chat.context_summary, "so does the summary");
  const json metadata = parsed(chat.metadata_json);
  fuzz::require(metadata.is_object(), "accepted metadata is a JSON object");
  for (const auto& [name, value] : metadata.items()) {
    if (name == "context_summary" || name == "mode" || name == "user_id") continue;
    fuzz::require(sent.contains(name) && sent.at(name) == value, "the client's metadata arrives");
  }
}

/// The member that holds the answer's text, or null.
const std::string* text_in(const json& answer, Texts names) {
  if (!answer.is_object()) return nullptr;
  for (const std::string_view name : names) {
    const auto at = answer.find(name);
    if (at == answer.end() || !at->is_string()) continue;
    const auto* text = at->get_ptr<const std::string*>();
    if (!text->empty()) return text;
  }
  return nullptr;
}

void check_answer(const vx11::ChatDialect& dialect, std::string_view body, Texts names) {
  vx11::HttpResponse response;
  response.body = body;
  const auto read = dialect.read(response);
  if (!read) return;
  const json answer = parsed(body);
  const std::string* const text = text_in(answer, names);
  fuzz::require(text != nullptr, "what is read is JSON with a text in it");
  fuzz::require(read->text == *text, "the text is the first of the known members");
  fuzz::require(parsed(read->upstream_json).is_object(), "the rest is a JSON object");

  vx11::HttpResponse again;
  again.body = json{{"response", read->text}}.dump();
  fuzz::require(dialect.read(again).value().text == read->text, "a text is read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  vx11::ChatRequest chat(std::string(fuzz::take_until(input, '\n')), "session-001");
  chat.metadata_json = fuzz::take_until(input, '\n');
  chat.mode = "fast";
  chat.context_summary = "user: hello";
  check_question(*vx11::switch_dialect(), chat, "prompt", "metadata");
  check_question(*vx11::madre_dialect(), chat, "message", "context");
  check_answer(*vx11::switch_dialect(), input, kTexts);
  check_answer(*vx11::madre_dialect(), input, Texts(kTexts).first(1));
  return 0;
}
