#include <vx11/span_attributes.hpp>

#include <array>

namespace vx11 {
inline namespace v0 {

namespace {

using namespace span_attributes;

constexpr std::array kTable = {
    SpanAttributeInfo{SpanPlace::request, kMethod, "string", "",
                      "The method; `_OTHER` for one that HTTP does not define"},
    SpanAttributeInfo{SpanPlace::request, kRoute, "string", "",
                      "The pattern of the route; absent if there is none"},
    SpanAttributeInfo{SpanPlace::request, kStatus, "int", "", "The status of the answer"},
    SpanAttributeInfo{SpanPlace::request, kScheme, "string", "",
                      "`http` or `https`, as the gateway listens"},
    SpanAttributeInfo{SpanPlace::request, kErrorType, "string", "",
                      "Of a failed request: the word of its error, else the status; `stream` for "
                      "a stream that broke off"},
    SpanAttributeInfo{SpanPlace::request, kRequestId, "string", "",
                      "`X-Request-Id`, as in the access log"},
    SpanAttributeInfo{SpanPlace::request, kStreamEnd, "string", "",
                      "Of a stream: `done`, `error` or `client_left`"},
    SpanAttributeInfo{SpanPlace::request, kSource, "string", "",
                      "Of a chat: the target that answered"},
    SpanAttributeInfo{SpanPlace::attempt, kOperation, "string", "", "`chat` or `embeddings`"},
    SpanAttributeInfo{SpanPlace::attempt, kProvider, "string", "",
                      "The API of the target: `openai`, `anthropic`, `ollama` or `vx11`"},
    SpanAttributeInfo{SpanPlace::attempt, kRequestModel, "string", "",
                      "The model that was asked for, if one was named"},
    SpanAttributeInfo{SpanPlace::attempt, kRequestStream, "boolean", "",
                      "Present and true for a streamed answer"},
    SpanAttributeInfo{SpanPlace::attempt, kResponseModel, "string", "",
                      "The model that answered, if a whole answer names it"},
    SpanAttributeInfo{SpanPlace::attempt, kFinishReasons, "strings", "", "Why the answer ended"},
    SpanAttributeInfo{SpanPlace::attempt, kFirstChunk, "double", "s",
                      "Of a streamed answer: the time to its first piece"},
    SpanAttributeInfo{SpanPlace::attempt, kInputTokens, "int", "tokens",
                      "Of the prompt, as the upstream counts them"},
    SpanAttributeInfo{SpanPlace::attempt, kOutputTokens, "int", "tokens",
                      "Of the answer, as the upstream counts them"},
    SpanAttributeInfo{SpanPlace::attempt, kServerAddress, "string", "",
                      "The host of the target's URL"},
    SpanAttributeInfo{SpanPlace::attempt, kServerPort, "int", "", "Its port"},
    SpanAttributeInfo{SpanPlace::attempt, kStatus, "int", "",
                      "The status of an answer outside 2xx"},
    SpanAttributeInfo{SpanPlace::attempt, kErrorType, "string", "",
                      "Of a failed attempt: the status, else the outcome"},
    SpanAttributeInfo{SpanPlace::attempt, kTarget, "string", "", "The name of the target"},
    SpanAttributeInfo{SpanPlace::attempt, kOutcome, "string", "",
                      "The word of the ledger: `answered`, `circuit_open`, `timeout` …"},
    SpanAttributeInfo{SpanPlace::event, kBreakerRejected, "event", "",
                      "The breaker of the target was open: nothing was sent"},
    SpanAttributeInfo{SpanPlace::event, kBreakerTransition, "event", "",
                      "The outcome changed the state of the target's breaker"},
    SpanAttributeInfo{SpanPlace::event, kBreakerFrom, "string", "",
                      "Of `vx11.breaker.transition`: the state before"},
    SpanAttributeInfo{SpanPlace::event, kBreakerTo, "string", "",
                      "Of `vx11.breaker.transition`: the state after"},
    SpanAttributeInfo{SpanPlace::event, kFallback, "event", "",
                      "This target was asked in place of, or beside, the one before"},
    SpanAttributeInfo{SpanPlace::event, kFallbackFrom, "string", "",
                      "Of `vx11.fallback`: the target before"},
    SpanAttributeInfo{SpanPlace::event, kFallbackReason, "string", "",
                      "Of `vx11.fallback`: its outcome, in the words of the ledger"},
};

}  // namespace

std::span<const SpanAttributeInfo> span_attribute_table() noexcept {
  return kTable;
}

}  // namespace v0
}  // namespace vx11
