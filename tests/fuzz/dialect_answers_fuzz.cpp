// The answers of the dialects of other APIs, with nlohmann_json as the oracle: the input is the
// body of a whole answer, and each of its lines the data of one event of a stream.

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/dialect/openai_embeddings.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "json/scan.hpp"

namespace {

using nlohmann::json;
using Dialect = std::shared_ptr<const vx11::ChatDialect>;

json parsed(std::string_view text) {
  return json::parse(text.begin(), text.end(), nullptr, false);
}

/// By the library's own reader: the oracle refuses lone surrogates and numbers beyond a double,
/// which are passed on as they are.
bool is_object(std::string_view text) {
  return vx11::json::scan_object(text, {}).has_value();
}

bool is_valid_call(const json& call) {
  if (!call.at("function").at("arguments").is_string()) return false;
  const bool begins = call.contains("id");
  return !begins || (call.at("id").is_string() && call.at("type") == "function" &&
                     call.at("function").at("name").is_string());
}

void check_completion(const std::string& completion, std::string_view body) {
  if (completion == body) return;  // the upstream's own
  fuzz::require(is_object(completion), "a translated answer is an object");
  const json whole = parsed(completion);
  if (whole.is_discarded()) return;
  const json choice = whole.at("choices").at(0);
  fuzz::require(choice.at("finish_reason").is_string(), "an answer has a reason to end");
  for (const json& call : choice.at("message").at("tool_calls")) {
    fuzz::require(is_valid_call(call), "a call has an id, a name and arguments");
    fuzz::require(is_object(call.at("function").at("arguments").get<std::string>()),
                  "the arguments of a call are an object");
  }
}

void check_whole(const vx11::ChatDialect& dialect, std::string_view body) {
  vx11::HttpResponse response;
  response.body = body;
  const auto read = dialect.read(response);
  if (!read) {
    fuzz::require(read.error().code == vx11::Errc::invalid_reply, "a bad answer is the upstream's");
    return;
  }
  fuzz::require(is_object(read->upstream_json), "the other members are an object");
  if (!read->completion_json.empty()) check_completion(read->completion_json, body);
}

void check_delta(std::string_view translated) {
  fuzz::require(is_object(translated), "a translated event is an object");
  const json delta = parsed(translated);
  if (delta.is_discarded()) return;
  fuzz::require(delta.size() == 1, "a translated event has tool calls alone");
  for (const json& call : delta.at("tool_calls")) {
    fuzz::require(is_valid_call(call) && call.at("index").is_number_unsigned(),
                  "a delta has an index and arguments");
  }
}

void check_stream(const vx11::ChatDialect& dialect, std::string_view lines) {
  const auto reader = dialect.event_reader();
  if (reader == nullptr) return;
  while (!lines.empty()) {
    std::string text;
    const std::string_view data = fuzz::take_until(lines, '\n');
    const vx11::ChatEventKind kind = reader->read({.data = data}, text);
    if (kind == vx11::ChatEventKind::error) return;
    const bool is_part = kind == vx11::ChatEventKind::piece || kind == vx11::ChatEventKind::part;
    const std::string_view translated = reader->translated();
    fuzz::require(translated.empty() || is_part, "only what is delivered is translated");
    if (!translated.empty()) check_delta(translated);
    if (kind == vx11::ChatEventKind::end) break;
  }
  fuzz::require(is_object(reader->upstream_json()), "the other members are an object");
  fuzz::require(!reader->ending().finish_reason.empty(), "an answer has a reason to end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Dialect, 4> kDialects = {
      vx11::openai_dialect().value(), vx11::ollama_dialect().value(),
      vx11::anthropic_dialect().value(), vx11::openai_embeddings_dialect().value()};
  const std::string_view input = fuzz::text_of(data, size);
  for (const Dialect& dialect : kDialects) {
    check_whole(*dialect, input);
    check_stream(*dialect, input);
  }
  return 0;
}
