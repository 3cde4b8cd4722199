#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "settings.hpp"
#include "site.hpp"

namespace upstream {

using OrderedJson = nlohmann::ordered_json;

/// What a model server needs of a chat, whatever its API.
struct ModelChat {
  OrderedJson body = {};
  std::string model = {};
  std::string text = {};  ///< the answer
  std::string tool = {};  ///< the tool that is called in its place; empty: none
  int number = 0;         ///< of the answer, for ids
  bool stream = false;

  std::size_t input_tokens() const { return body.dump().size() / 4; }
  std::size_t output_tokens() const { return text.size() / 4 + 1; }
};

/// A server of models: answers chats in the APIs of OpenAI, Ollama and Anthropic. The answer is the
/// last user message, after "model heard: ", or the last tool result, after "tool said: "; a chat
/// with tools that does not end with a result gets a call of the first tool.
class Models final : public Service {
 public:
  Models(const Settings& settings, std::string key) : settings_(settings), key_(std::move(key)) {}

  void answer(const Request& request, Reply& reply) override;
  bool streams(const Request& request, const Settings& settings) const override;

 private:
  void health(const Request& request, Reply& reply);
  void list(const Request& request, Reply& reply);
  void embed(const Request& request, Reply& reply);
  void complete(const Request& request, Reply& reply);
  void complete_text(const Request& request, Reply& reply);
  void chat_of_ollama(const Request& request, Reply& reply);
  void message_of_anthropic(const Request& request, Reply& reply);

  /// \return why the request is invalid; empty if it is not
  std::string read(const Request& request, ModelChat& chat);
  bool has_key(const Request& request, std::string_view header) const;
  std::vector<std::string_view> words(std::string& text) const;

  const Settings& settings_;
  std::string key_;
  std::atomic<int> answers_{0};
};

/// The value of a header in `head`, a request's head as received; empty if it is not there.
std::string_view header_of(std::string_view head, std::string_view name);

/// The member `name` of `object`; `otherwise` if it is absent or of another kind. No request can
/// end the stand-in by the kind of a member.
bool flag_or(const OrderedJson& object, const char* name, bool otherwise);
std::string text_or(const OrderedJson& object, const char* name, std::string_view otherwise);

/// The member `name` of `object`; null if there is none.
OrderedJson value_of(const OrderedJson& object, const char* name);

std::string dumped(const OrderedJson& json);
void refuse_as_openai(Reply& reply, int status, const std::string& why, const char* code);
/// What every answer of the OpenAI API begins with.
OrderedJson head_as_openai(const ModelChat& chat, const char* prefix, const char* object);
OrderedJson usage_as_openai(const ModelChat& chat);

// One file for each API: the body of a whole answer, or its events.
void answer_as_openai(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply);
void answer_as_text_completion(const ModelChat& chat, const std::vector<std::string_view>& words,
                               Reply& reply);
/// \param body of a request; answers each input with the same three numbers
void answer_as_embeddings(const OrderedJson& body, Reply& reply);
void answer_as_ollama(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply);
/// \return why the API refuses the body; empty if it does not
std::string wrong_for_anthropic(const OrderedJson& body);
std::string wrong_for_ollama(const OrderedJson& body);
void answer_as_anthropic(const ModelChat& chat, const std::vector<std::string_view>& words,
                         Reply& reply);

}  // namespace upstream
