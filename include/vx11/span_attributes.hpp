#pragma once

/// \file
/// The names of spans' attributes and events: OpenTelemetry's conventions for HTTP and generative
/// AI, and ours, with their meanings.

#include <vx11/export.hpp>

#include <span>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace span_attributes {

inline constexpr std::string_view kMethod = "http.request.method";
inline constexpr std::string_view kRoute = "http.route";
inline constexpr std::string_view kStatus = "http.response.status_code";
inline constexpr std::string_view kScheme = "url.scheme";
inline constexpr std::string_view kErrorType = "error.type";
inline constexpr std::string_view kServerAddress = "server.address";
inline constexpr std::string_view kServerPort = "server.port";
inline constexpr std::string_view kOperation = "gen_ai.operation.name";
inline constexpr std::string_view kProvider = "gen_ai.provider.name";
inline constexpr std::string_view kRequestModel = "gen_ai.request.model";
inline constexpr std::string_view kRequestStream = "gen_ai.request.stream";
inline constexpr std::string_view kResponseModel = "gen_ai.response.model";
inline constexpr std::string_view kFinishReasons = "gen_ai.response.finish_reasons";
inline constexpr std::string_view kFirstChunk = "gen_ai.response.time_to_first_chunk";
inline constexpr std::string_view kInputTokens = "gen_ai.usage.input_tokens";
inline constexpr std::string_view kOutputTokens = "gen_ai.usage.output_tokens";
inline constexpr std::string_view kRequestId = "vx11.request.id";
inline constexpr std::string_view kStreamEnd = "vx11.stream.end";
inline constexpr std::string_view kSource = "vx11.chat.source";
inline constexpr std::string_view kTarget = "vx11.target";
inline constexpr std::string_view kOutcome = "vx11.outcome";
inline constexpr std::string_view kBreakerFrom = "vx11.breaker.from";
inline constexpr std::string_view kBreakerTo = "vx11.breaker.to";
inline constexpr std::string_view kFallbackFrom = "vx11.fallback.from";
inline constexpr std::string_view kFallbackReason = "vx11.fallback.reason";

inline constexpr std::string_view kBreakerTransition = "vx11.breaker.transition";
inline constexpr std::string_view kBreakerRejected = "vx11.breaker.rejected";
inline constexpr std::string_view kFallback = "vx11.fallback";

}  // namespace span_attributes

/// Where an attribute stands.
enum class SpanPlace : unsigned char {
  request,  ///< The span of a request, kind server, `{method} {route}`.
  attempt,  ///< The span of one attempt of a chat, kind client, `{operation} {model}`.
  event,    ///< An event of the span of an attempt.
};

/// One line of the manual.
struct SpanAttributeInfo {
  SpanPlace place = SpanPlace::request;
  std::string_view name = {};
  std::string_view type = {};  ///< `string`, `int`, `double`, `boolean`, `strings` or `event`.
  std::string_view unit = {};  ///< Empty: none.
  std::string_view meaning = {};
};

/// All attributes and events, by place.
VX11_API std::span<const SpanAttributeInfo> span_attribute_table() noexcept;

}  // namespace v0
}  // namespace vx11
