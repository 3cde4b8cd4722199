#pragma once

/// \file
/// `FallbackRule`: what a router does after certain answers, other than to ask the next target.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>

#include <functional>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A rule for answers outside 2xx. The first one that applies to an answer decides:
///
/// ```cpp
/// vx11::RouterOptions options;
/// options.fallback_rules = {
///     {.matches = vx11::says_context_too_long, .next = "large"},  // small models are passed by
///     {.matches = vx11::says_content_refused},                    // final
///     {.statuses = {400, 422}},                                   // final
/// };
/// ```
struct FallbackRule {
  /// The statuses that it applies to. Empty, the default: every status outside 2xx, which needs a
  /// condition in `matches`.
  std::vector<int> statuses{};
  /// A further condition on the answer; empty: none. Must be thread-safe and fast. An exception
  /// counts as false. The body of an answer is read up to 4 MiB before it is called, that of
  /// a refused stream for two seconds at most.
  std::function<bool(const HttpResponse&)> matches = {};
  /// The step of the chain that is asked next: the name of a target without a group, or of a group.
  /// Steps between are passed by; a step that has been reached already is not asked again, the
  /// chain continues as usual then. Empty, the default: the answer is final, and the chat fails
  /// with it.
  std::string next = {};
};

/// Whether the answer says that the chat is longer than the model's context: by words of OpenAI,
/// llama.cpp, vLLM, SGLang, TGI, LM Studio, Ollama or Anthropic in a body with a status of 4xx.
VX11_API bool says_context_too_long(const HttpResponse& response) noexcept;
/// Whether the answer says that a content filter refuses the chat: by words of OpenAI, Azure or
/// Anthropic in a body with a status of 4xx. An answer 200 that a filter has emptied is another.
VX11_API bool says_content_refused(const HttpResponse& response) noexcept;

}  // namespace v0
}  // namespace vx11
