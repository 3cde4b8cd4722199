// Refusals of a chat, in the words of the servers that send them.
#include "refusals.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace upstream {

namespace {

struct Refusal {
  FaultKind kind;
  std::string_view server;
  int status;
  std::string_view body;
};

constexpr FaultKind kTooLong = FaultKind::context_too_long;
constexpr FaultKind kRefused = FaultKind::content_refused;

/// The shapes and messages are those that each server sends; the numbers are made up.
constexpr std::array kRefusals{
    Refusal{kTooLong, "openai", 400,
            R"({"error":{"message":"This model's maximum context length is 8192 tokens. )"
            R"(However, your messages resulted in 9001 tokens. Please reduce the length of the )"
            R"(messages.","type":"invalid_request_error","param":"messages",)"
            R"("code":"context_length_exceeded"}})"},
    Refusal{kTooLong, "llama.cpp", 400,
            R"({"error":{"code":400,"message":"request (9001 tokens) exceeds the available )"
            R"(context size (8192 tokens), try increasing it",)"
            R"("type":"exceed_context_size_error","n_prompt_tokens":9001,"n_ctx":8192}})"},
    Refusal{kTooLong, "vllm", 400,
            R"({"error":{"message":"The decoder prompt (length 9001) is longer than the maximum )"
            R"(model length of 8192.","type":"BadRequestError","param":null,"code":400}})"},
    Refusal{kTooLong, "lm_studio", 400,
            R"({"error":"The number of tokens to keep from the initial prompt is greater than )"
            R"(the context length (n_keep: 9001>= n_ctx: 8192)."})"},
    Refusal{kTooLong, "sglang", 400,
            R"({"object":"error","message":"The input (9001 tokens) is longer than the model's )"
            R"(context length (8192 tokens).","type":"BadRequestError","param":null,"code":400})"},
    Refusal{kTooLong, "tgi", 422,
            R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be )"
            R"(<= 8192. Given: 9001 `inputs` tokens and 100 `max_new_tokens`",)"
            R"("error_type":"validation"})"},
    Refusal{kTooLong, "ollama", 400, R"({"error":"the input length exceeds the context length"})"},
    Refusal{kTooLong, "anthropic", 400,
            R"({"type":"error","error":{"type":"invalid_request_error",)"
            R"("message":"prompt is too long: 209001 tokens > 200000 maximum"},)"
            R"("request_id":"req_1"})"},
    Refusal{kTooLong, "anthropic_with_answer", 400,
            R"({"type":"error","error":{"type":"invalid_request_error",)"
            R"("message":"input length and `max_tokens` exceed context limit: 190000 + 32000 > )"
            R"(200000, decrease input length or `max_tokens` and try again"},)"
            R"("request_id":"req_1"})"},
    Refusal{kRefused, "openai", 400,
            R"({"error":{"message":"Your request was rejected as a result of our safety system.",)"
            R"("type":"invalid_request_error","param":null,"code":"content_policy_violation"}})"},
    Refusal{kRefused, "azure", 400,
            R"({"error":{"message":"The response was filtered due to the prompt triggering Azure )"
            R"(OpenAI's content management policy.","type":null,"param":"prompt",)"
            R"("code":"content_filter","status":400,"innererror":)"
            R"({"code":"ResponsibleAIPolicyViolation","content_filter_result":)"
            R"({"hate":{"filtered":true,"severity":"high"}}}}})"},
    Refusal{kRefused, "anthropic", 400,
            R"({"type":"error","error":{"type":"invalid_request_error",)"
            R"("message":"Output blocked by content filtering policy"},"request_id":"req_1"})"},
};

/// An answer that a filter has emptied: whole, and as the events of a stream.
struct Filtered {
  std::string_view server;
  std::string_view body;
  std::array<std::string_view, 3> events;
};

constexpr std::array kFiltered{
    Filtered{
        "openai",
        R"({"id":"chatcmpl-1","object":"chat.completion","created":1764000000,"model":"vx11-stub",)"
        R"("choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null},)"
        R"("logprobs":null,"finish_reason":"content_filter"}],)"
        R"("usage":{"prompt_tokens":9,"completion_tokens":0,"total_tokens":9}})",
        {"data: "
         R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,)"
         R"("model":"vx11-stub","choices":[{"index":0,"delta":{"role":"assistant","content":""},)"
         R"("logprobs":null,"finish_reason":null}]})"
         "\n\n",
         "data: "
         R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,)"
         R"("model":"vx11-stub","choices":[{"index":0,"delta":{},"logprobs":null,)"
         R"("finish_reason":"content_filter"}]})"
         "\n\n",
         "data: [DONE]\n\n"}},
    Filtered{
        "anthropic",
        R"({"id":"msg_1","type":"message","role":"assistant","model":"vx11-stub","content":[],)"
        R"("stop_reason":"refusal","stop_sequence":null,)"
        R"("usage":{"input_tokens":9,"output_tokens":1}})",
        {"event: message_start\ndata: "
         R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
         R"("model":"vx11-stub","content":[],"stop_reason":null,"stop_sequence":null,)"
         R"("usage":{"input_tokens":9,"output_tokens":1}}})"
         "\n\n",
         "event: message_delta\ndata: "
         R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null},)"
         R"("usage":{"output_tokens":1}})"
         "\n\n",
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}},
};

/// Whose API has the path; empty if no model server's.
std::string_view server_at(std::string_view path) {
  if (path.ends_with("/chat/completions")) return "openai";
  if (path == "/api/chat") return "ollama";
  return path == "/v1/messages" ? "anthropic" : std::string_view();
}

const Refusal* find_refusal(FaultKind kind, std::string_view server) {
  const auto* const found =
      std::find_if(kRefusals.begin(), kRefusals.end(),
                   [&](const Refusal& each) { return each.kind == kind && each.server == server; });
  return found == kRefusals.end() ? nullptr : found;
}

const Filtered* find_filtered(std::string_view server) {
  const auto* const found =
      std::find_if(kFiltered.begin(), kFiltered.end(),
                   [&](const Filtered& each) { return each.server == server; });
  return found == kFiltered.end() ? nullptr : found;
}

bool send_filtered(const Filtered* filtered, bool streams, Reply& reply) {
  if (filtered == nullptr) return false;
  reply.set(200, std::string(filtered->body));
  if (!streams) return true;
  reply.content_type = "text/event-stream";
  reply.events.assign(filtered->events.begin(), filtered->events.end());
  return true;
}

}  // namespace

bool is_refusal(FaultKind kind) {
  return kind == kTooLong || kind == kRefused || kind == FaultKind::content_filtered;
}

std::string servers_of(FaultKind kind) {
  std::string names;
  const auto add = [&](std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
  };
  for (const Refusal& each : kRefusals) {
    if (each.kind == kind) add(each.server);
  }
  if (kind != FaultKind::content_filtered) return names;
  for (const Filtered& each : kFiltered) add(each.server);
  return names;
}

bool is_server_of(FaultKind kind, std::string_view server) {
  if (kind == FaultKind::content_filtered) return find_filtered(server) != nullptr;
  return find_refusal(kind, server) != nullptr;
}

bool refuse_chat(const Fault& fault, const Request& request, bool streams, Reply& reply) {
  if (!is_refusal(fault.kind)) return false;
  const std::string_view server = fault.as.empty() ? server_at(request.path) : fault.as;
  if (fault.kind == FaultKind::content_filtered) {
    return send_filtered(find_filtered(server), streams, reply);
  }
  const Refusal* const refusal = find_refusal(fault.kind, server);
  if (refusal == nullptr) return false;
  reply.set(refusal->status, std::string(refusal->body));
  return true;
}

}  // namespace upstream
