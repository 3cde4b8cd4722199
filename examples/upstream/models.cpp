#include "models.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "words.hpp"

namespace upstream {

namespace {

constexpr std::string_view kModel = "vx11-stub";

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// The text of a message's content: a string, or the text of its parts.
std::string text_of(const OrderedJson& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const auto& part : content) {
    text += text_or(part, "text", "");
  }
  return text;
}

const OrderedJson* member_of(const OrderedJson& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

OrderedJson value_of(const OrderedJson& object, const char* name) {
  const OrderedJson* const member = member_of(object, name);
  return member != nullptr ? *member : OrderedJson();
}

namespace {

/// Anthropic's results are blocks of a user's message.
const OrderedJson* result_in(const OrderedJson& message) {
  if (text_or(message, "role", "") == "tool") return &message;
  const OrderedJson* const content = member_of(message, "content");
  const bool is_result = content != nullptr && content->is_array() && !content->empty() &&
                         text_or(content->back(), "type", "") == "tool_result";
  return is_result ? &content->back() : nullptr;
}

/// The name of the first tool, which some APIs have in a `function`; empty if none may be called.
std::string tool_of(const OrderedJson& body) {
  const OrderedJson tools = value_of(body, "tools");
  const OrderedJson choice = value_of(body, "tool_choice");
  const bool is_none = choice == "none" || text_or(choice, "type", "") == "none";
  if (!tools.is_array() || tools.empty() || is_none) return {};
  return text_or(value_of(tools[0], "function"), "name", text_or(tools[0], "name", "tool"));
}

}  // namespace

std::string dumped(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

void refuse_as_openai(Reply& reply, int status, const std::string& why, const char* code) {
  reply.set(status, dumped({{"error",
                             {{"message", why},
                              {"type", "invalid_request_error"},
                              {"param", nullptr},
                              {"code", code}}}}));
}

bool flag_or(const OrderedJson& object, const char* name, bool otherwise) {
  const OrderedJson* const member = member_of(object, name);
  return member != nullptr && member->is_boolean() ? member->get<bool>() : otherwise;
}

std::string text_or(const OrderedJson& object, const char* name, std::string_view otherwise) {
  const OrderedJson* const member = member_of(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>()
                                                  : std::string(otherwise);
}

std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name)) {
      continue;
    }
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

void Models::answer(const Request& request, Reply& reply) {
  static constexpr std::array<Route<Models>, 9> kRoutes{{
      {"POST", "/v1/chat/completions", &Models::complete},
      {"POST", "/api/chat", &Models::chat_of_ollama},
      {"POST", "/v1/messages", &Models::message_of_anthropic},
      {"GET", "/v1/models", &Models::list},
      {"POST", "/v1/embeddings", &Models::embed},
      {"POST", "/v1/completions", &Models::complete_text},
      {"GET", "/health", &Models::health},
      {"GET", "/api/version", &Models::health},
      {"POST", "/chat/completions", &Models::complete},
  }};
  if (!dispatch<Models>(kRoutes, *this, request, reply)) reply_not_found(reply);
}

bool Models::streams(const Request& request, const Settings& /*settings*/) const {
  const auto body = OrderedJson::parse(request.body, nullptr, false);
  // Ollama streams unless the body has "stream":false.
  return body.is_object() && flag_or(body, "stream", request.path == "/api/chat");
}

void Models::health(const Request& /*request*/, Reply& reply) {
  reply.body = R"({"status":"ok","version":"0.0.0"})";
}

void Models::list(const Request& /*request*/, Reply& reply) {
  const OrderedJson model = {
      {"id", kModel}, {"object", "model"}, {"created", 1764000000}, {"owned_by", "vx11"}};
  reply.body = dumped({{"object", "list"}, {"data", OrderedJson::array({model})}});
}

void Models::embed(const Request& request, Reply& reply) {
  if (!has_key(request, "authorization")) {
    return refuse_as_openai(reply, 401, "Incorrect API key provided.", "invalid_api_key");
  }
  const auto body = OrderedJson::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("input")) {
    return refuse_as_openai(reply, 400, "input: missing", "missing_required_parameter");
  }
  answer_as_embeddings(body, reply);
}

void Models::complete_text(const Request& request, Reply& reply) {
  if (!has_key(request, "authorization")) {
    return refuse_as_openai(reply, 401, "Incorrect API key provided.", "invalid_api_key");
  }
  ModelChat chat;
  chat.body = OrderedJson::parse(request.body, nullptr, false);
  if (member_of(chat.body, "prompt") == nullptr) {
    return refuse_as_openai(reply, 400, "prompt: missing", "missing_required_parameter");
  }
  const OrderedJson prompt = value_of(chat.body, "prompt");
  const bool is_list = prompt.is_array() && !prompt.empty();
  chat.text = "model heard: " + text_of(is_list ? prompt[0] : prompt);
  chat.model = text_or(chat.body, "model", kModel);
  chat.stream = flag_or(chat.body, "stream", false);
  chat.number = ++answers_;
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  reply.gap = std::chrono::milliseconds(settings_.stream_gap_ms);
  answer_as_text_completion(chat, words(chat.text), reply);
}

void Models::complete(const Request& request, Reply& reply) {
  ModelChat chat;
  if (!has_key(request, "authorization")) {
    return refuse_as_openai(reply, 401, "Incorrect API key provided.", "invalid_api_key");
  }
  if (const std::string wrong = read(request, chat); !wrong.empty()) {
    return refuse_as_openai(reply, 400, wrong, "invalid_value");
  }
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  reply.gap = std::chrono::milliseconds(settings_.stream_gap_ms);
  answer_as_openai(chat, words(chat.text), reply);
}

void Models::chat_of_ollama(const Request& request, Reply& reply) {
  ModelChat chat;
  std::string wrong = read(request, chat);
  if (wrong.empty() && !chat.body.contains("model")) wrong = "model is required";
  if (wrong.empty()) wrong = wrong_for_ollama(chat.body);
  if (!wrong.empty()) return reply.set(400, dumped({{"error", wrong}}));
  chat.stream = flag_or(chat.body, "stream", true);
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  reply.gap = std::chrono::milliseconds(settings_.stream_gap_ms);
  answer_as_ollama(chat, words(chat.text), reply);
}

void Models::message_of_anthropic(const Request& request, Reply& reply) {
  const auto refuse = [&](int status, const char* type, const std::string& why) {
    reply.set(status, dumped({{"type", "error"}, {"error", {{"type", type}, {"message", why}}}}));
  };
  ModelChat chat;
  // Clients of the API version 2026-10-21 send the key as a bearer token.
  if (!has_key(request, "x-api-key") && !has_key(request, "authorization")) {
    return refuse(401, "authentication_error", "invalid x-api-key");
  }
  std::string wrong = read(request, chat);
  if (header_of(request.head, "anthropic-version").empty()) {
    wrong = "anthropic-version: header is required";
  }
  if (wrong.empty()) wrong = wrong_for_anthropic(chat.body);
  if (!wrong.empty()) return refuse(400, "invalid_request_error", wrong);
  reply.delay = std::chrono::milliseconds(settings_.latency_ms);
  reply.gap = std::chrono::milliseconds(settings_.stream_gap_ms);
  answer_as_anthropic(chat, words(chat.text), reply);
}

std::string Models::read(const Request& request, ModelChat& chat) {
  chat.body = OrderedJson::parse(request.body, nullptr, false);
  if (!chat.body.is_object()) return "We could not parse the JSON body of your request.";
  const auto messages = chat.body.value("messages", OrderedJson());
  if (!messages.is_array() || messages.empty()) return "messages: Field required";
  chat.model = text_or(chat.body, "model", kModel);
  chat.stream = flag_or(chat.body, "stream", false);
  chat.number = ++answers_;
  for (const auto& message : messages) {
    if (text_or(message, "role", "") != "user") continue;
    chat.text = "model heard: " + text_of(message.value("content", OrderedJson()));
  }
  if (chat.text.empty()) chat.text = "model heard nothing";
  if (const OrderedJson* const result = result_in(messages.back())) {
    chat.text = "tool said: " + text_of(value_of(*result, "content"));
  } else {
    chat.tool = tool_of(chat.body);
  }
  return {};
}

bool Models::has_key(const Request& request, std::string_view header) const {
  if (key_.empty()) return true;
  std::string_view key = header_of(request.head, header);
  if (key.starts_with("Bearer ")) key.remove_prefix(7);
  return key == key_;
}

/// The pieces of a stream: the words of the text, or as many as are set, which then are the text.
std::vector<std::string_view> Models::words(std::string& text) const {
  if (const int chunks = settings_.stream_chunks; chunks > 0) {
    text = repeated(text, static_cast<std::size_t>(chunks));
  }
  return words_of(text);
}

}  // namespace upstream
