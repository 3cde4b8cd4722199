#include <vx11/chat_completions_api.hpp>
#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>
#include <vx11/dialect/openai_embeddings.hpp>
#include <vx11/transport/in_process.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

namespace {

/// A turn with a call of a tool and its result.
std::string with_tools(const std::string& model) {
  return R"({"model":")" + model +
         R"(","messages":[{"role":"user","content":"one"},{"role":"assistant","content":null,)"
         R"("tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":)"
         R"("{\"a\":1}"}}]},{"role":"tool","tool_call_id":"t","content":"42"}],"tools":[{"type":)"
         R"("function","function":{"name":"f","parameters":{"type":"object"}}}],)"
         R"("tool_choice":"auto"})";
}

const std::vector<std::string> kBodies = {
    Site::chat(),
    Site::chat(R"(,"stream":true,"stream_options":{"include_usage":true})", "vx11/local"),
    R"({"model":"mixed","messages":[{"role":"system","content":"be \u00fc brief"},)"
    R"({"role":"user","content":[{"type":"text","text":"one"},{"type":"image_url",)"
    R"("image_url":{"url":"data:,x"}}]},{"role":"assistant","content":null,"tool_calls":)"
    R"([{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
    R"({"role":"tool","tool_call_id":"t","content":"42"}],"tools":[{"type":"function"}],"n":2})",
    R"({"model":"vx11","instructions":"brief","input":[{"role":"user","content":[)"
    R"({"type":"input_text","text":"one"}]}],"stream":false,"text":{"format":{"type":"text"}}})",
    R"({"model":"vx11/local","prompt":["one"],"stream":true,"stop":"x","n":1,"suffix":null})",
    R"({"model":"vx11/local","input":["one",[1,2]],"encoding_format":"base64"})",
    "{\"model\":\"vx11\",\"messages\":[{\"role\":\"user\",\"content\":\"gr\xC3\xBC\xC3\x9F\"}],"
    "\"temperature\":0.5,\"user\":\"u\",\"metadata\":{\"session_id\":\"s\",\"k\":\"v\"}}",
    with_tools("vx11/ollama"),
    with_tools("vx11/claude")};

constexpr std::size_t kPromptBody = 4;
constexpr std::size_t kEmbeddingsBody = 5;

/// What a mutation puts in place of something else: other types, depths, encodings and sizes.
const std::vector<std::string> kPieces = {"null",
                                          "true",
                                          "-1e9",
                                          "[]",
                                          "{}",
                                          "\"\"",
                                          "\"\\u00e9\"",
                                          "\"\\u0000\"",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\",
                                          "[[[[[[[[",
                                          "}}}}",
                                          "\"stream\":1",
                                          "\"messages\":",
                                          "\"role\":\"boss\"",
                                          "\"content\":{}",
                                          "\"model\":null",
                                          "\"arguments\":\"[\"",
                                          "\"tool_calls\":7",
                                          "\"prompt\":",
                                          "\"input\":[1]",
                                          "\xFF",
                                          "\xC3",
                                          "\xEF\xBB\xBF",
                                          "\xED\xA0\x80",
                                          std::string(1, '\0'),
                                          std::string(70, '['),
                                          std::string(3000, 'x'),
                                          "\n",
                                          "\xE2\x80\xA8",
                                          "1e",
                                          "0x1"};

class Mutator {
 public:
  void change(std::string& body) {
    const std::size_t at = below(body.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < body.size()) body[at] = static_cast<char>(below(256));
        break;
      case 1:
        body.erase(at, 1 + below(8));
        break;
      case 2:
        body.insert(at, body, below(body.size() + 1), below(24));
        break;
      case 3:
        replace_value(body);
        break;
      default:
        body.insert(at, kPieces[below(kPieces.size())]);
    }
  }
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

 private:
  /// Replaces what follows a colon, so that many mutations are still JSON.
  void replace_value(std::string& body) {
    const std::size_t colon = body.find(':', below(body.size() + 1));
    if (colon == std::string::npos) return;
    const std::size_t end = body.find_first_of(",}]", colon);
    body.replace(colon + 1, end == std::string::npos ? 0 : end - colon - 1,
                 kPieces[below(kPieces.size())]);
  }

  std::mt19937 random_{20261127};
};

/// The endpoint that the body was made for, as far as the mutations left a sign of it.
std::string path_for(const std::string& body, std::size_t made_from) {
  if (made_from == kEmbeddingsBody) return "/v1/embeddings";
  if (made_from == kPromptBody) return "/v1/completions";
  return body.find("\"input\"") != std::string::npos ? "/v1/responses" : kPath;
}

/// An upstream that requires valid JSON with a known shape, and counts.
struct StrictUpstream {
  std::shared_ptr<vx11::InProcessTransport> transport(std::string answer) {
    return std::make_shared<vx11::InProcessTransport>(
        [this, answer = std::move(answer)](const HttpRequest& request,
                                           const vx11::Deadline&) -> vx11::Result<HttpResponse> {
          ++calls;
          const json body = json::parse(request.body, nullptr, false);
          const bool is_valid = body.is_object() && has_shape(request.target, body);
          if (!is_valid) ++invalid;
          return HttpResponse(200, "application/json", answer);
        });
  }
  static bool has_shape(const std::string& path, const json& body) {
    if (path == "/v1/embeddings") return body.at("input").is_array() || body["input"].is_string();
    if (path == "/v1/chat/completions") return body.at("messages").is_array();
    if (path == "/api/chat" || path == "/v1/messages") return has_messages(body);
    return body.at("prompt").is_string();
  }

  /// As Ollama and Anthropic have them: arguments are objects.
  static bool has_messages(const json& body) {
    for (const json& message : body.at("messages")) {
      if (!message.at("role").is_string() || message.at("content").is_null()) return false;
      for (const json& call : message.value("tool_calls", json::array())) {
        if (!call.at("function").at("arguments").is_object()) return false;
      }
      for (const json& block : message.at("content").is_array() ? message["content"] : json()) {
        if (block.at("type") == "tool_use" && !block.at("input").is_object()) return false;
      }
    }
    return body.at("model") == "m" && !body.at("messages").empty();
  }

  int calls = 0;
  int invalid = 0;
};

}  // namespace

TEST_CASE("15,000 mutated bodies: never an error of ours, never a wrong request to an upstream") {
  StrictUpstream upstream;
  Site site;
  site.switch_transport = upstream.transport(R"({"response":"from switch"})");
  site.local = upstream.transport(
      R"({"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]})");
  vx11::RouterTarget embeds =
      Site::target("embeds", upstream.transport(R"({"data":[{"index":0,"embedding":[1]}]})"));
  embeds.dialect = vx11::openai_embeddings_dialect().value();
  site.options.embeddings[kToLocal] = site.router({embeds});
  vx11::RouterTarget ollama =
      Site::target("ollama", upstream.transport(R"({"message":{"content":"hi"},"done":true})"));
  ollama.dialect = vx11::ollama_dialect({.model = "m"}).value();
  site.options.models["vx11/ollama"] = site.router({ollama});
  vx11::RouterTarget claude =
      Site::target("claude", upstream.transport(R"({"content":[{"type":"text","text":"hi"}]})"));
  claude.dialect = vx11::anthropic_dialect({.model = "m"}).value();
  site.options.models["vx11/claude"] = site.router({claude});
  Mutator mutator;
  std::array<int, 6> statuses{};
  std::vector<int> answered(kBodies.size());
  for (int i = 0; i < 15'000; ++i) {
    const std::size_t made_from = static_cast<std::size_t>(i) % kBodies.size();
    std::string body = kBodies[made_from];
    for (std::size_t n = mutator.below(3) + 1; n > 0; --n) mutator.change(body);
    CAPTURE(body);
    const HttpResponse answer =
        site.send(Site::request("POST", path_for(body, made_from), body + " "));
    const bool is_expected = answer.status == 200 || answer.status == 400 || answer.status == 404;
    CHECK(is_expected);
    ++statuses.at(static_cast<std::size_t>(answer.status / 100));
    if (answer.status == 200) ++answered[made_from];
    if (answer.status != 200) error_of(answer);
  }
  CHECK(upstream.invalid == 0);
  CHECK(upstream.calls == statuses[2]);
  CHECK(statuses[2] > 400);
  for (const int each : answered) CHECK(each > 5);
  CHECK(statuses[4] > 2000);
  CHECK_FALSE(vx11::sync_wait(site.store->find("null")).value().has_value());
}

TEST_CASE("upstreams that lie: whatever they send, each event is valid JSON or the end") {
  const std::string stop = chunk("{}", "\"stop\"") + "data: [DONE]\n\n";
  const std::vector<std::string> streams = {
      chunk(R"({"content":"a"})") +
          "data: {\"id\":\"other\",\"choices\":[{\"index\":0,\"delta\":"
          "{\"content\":\"b\"}}]}\n\n" +
          stop,
      chunk(R"({"content":"a"})") + "data: {\"choices\":[],\"usage\":{\"total_tokens\":-7}}\n\n" +
          stop,
      chunk(R"({"content":"a"})") + "data: {\"id\":\"\xC3\"}\n\n" + stop,
      chunk(R"({"content":"a"})") + "data: " + std::string(2 * 1024 * 1024, 'x'),
      chunk(R"({"content":"a"})") + "data: {\"choices\":[" +
          [] {
            std::string many;
            for (int i = 0; i < 20'000; ++i) many += (i ? "," : "") + std::string(R"({"index":1})");
            return many;
          }() +
          "]}\n\n" + stop};
  for (const std::string& stream : streams) {
    CAPTURE(stream.substr(0, 300));
    Site site;
    site.local = std::make_shared<ScriptedStream>(streaming_script::Pieces{stream});
    const auto events = events_of(site.post(Site::chat(R"(,"stream":true)", "vx11/local")));
    REQUIRE(events.size() >= 2);
    for (std::size_t i = 0; i + 1 < events.size(); ++i) CHECK(json::accept(events[i]));
    const bool is_end = events.back() == "[DONE]" || json::parse(events.back()).contains("error");
    CHECK(is_end);
  }
}
