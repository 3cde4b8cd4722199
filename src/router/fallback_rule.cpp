#include <vx11/fallback_rule.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {

namespace {

/// Error bodies are short; what follows is not searched.
constexpr std::size_t kSearched = 16 * 1024;

constexpr std::array<std::string_view, 13> kContextTooLong = {
    "context_length_exceeded",                 // OpenAI and what is compatible with it
    "exceed_context_size_error",               // llama.cpp
    "available context size",                  // llama.cpp, older; Ollama's newer engine
    "maximum context length",                  // vLLM, SGLang
    "longer than the maximum model length",    // vLLM, of a prompt alone
    "longer than the model's context length",  // SGLang
    "exceeds the context window",              // OpenAI, responses
    "exceeds the context length",              // Ollama
    "greater than the context length",         // LM Studio
    "`max_new_tokens` must be <=",             // TGI
    "`inputs` must have less than",            // TGI, of a prompt alone
    "prompt is too long",                      // Anthropic
    "exceed context limit",                    // Anthropic, with the room for the answer
};
constexpr std::array<std::string_view, 4> kContentRefused = {
    "content_filter",                // Azure OpenAI
    "content_policy_violation",      // OpenAI
    "responsibleaipolicyviolation",  // Azure OpenAI, inner error
    "content filtering policy",      // Anthropic
};

bool contains(std::string_view text, std::string_view lower) noexcept {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

template <std::size_t N>
bool says(const HttpResponse& response, const std::array<std::string_view, N>& phrases) noexcept {
  if (response.status < 400 || response.status >= 500) return false;
  const std::string_view text = std::string_view(response.body).substr(0, kSearched);
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return contains(text, phrase); });
}

}  // namespace

bool says_context_too_long(const HttpResponse& response) noexcept {
  return says(response, kContextTooLong);
}

bool says_content_refused(const HttpResponse& response) noexcept {
  return says(response, kContentRefused);
}

}  // namespace v0
}  // namespace vx11
