#include "gateway/settings/target_settings.hpp"

#include "gateway/settings/table_field.hpp"

namespace gateway {

namespace {

template <class... Path>
auto target_field(Path... path) {
  return table_field(&GatewayConfig::targets, path...);
}

template <class Value, class... Path>
auto target_ranged(Value lowest, Value highest, Path... path) {
  return table_ranged<Value>(lowest, highest, &GatewayConfig::targets, path...);
}

std::vector<TableMember> target_members() {
  using Target = TargetConfig;
  using Breaker = vx11::CircuitBreakerOptions;
  return {
      {.name = "dialect",
       .field = target_field(&Target::dialect),
       .doc = "The API that the target has: `openai` (llama.cpp, vLLM, Ollama, LM Studio, TGI, "
              "LiteLLM and hosts), `ollama` (`/api/chat`), `anthropic` (`/v1/messages`), `switch` "
              "or `madre`. Required.",
       .shown_default = "none"},
      {.name = "url",
       .field = target_field(&Target::url),
       .doc = "Its base URL, as clients of that API take it. Without a path the API's own: `/v1` "
              "for `openai` and `anthropic`. A query is sent with every request. Required.",
       .shown_default = "none"},
      {.name = "model",
       .field = target_field(&Target::model),
       .doc = "The model that is asked for, in place of a client's. `ollama` and `anthropic` need "
              "one."},
      {.name = "key_file",
       .field = target_field(&Target::key_file),
       .doc = "A file whose first line is the key: sent as `Authorization: Bearer`, to `anthropic` "
              "as `x-api-key`, to `switch` and `madre` as `x-vx11-token`, which are otherwise sent "
              "`upstream.token`."},
      {.name = "key_header",
       .field = target_field(&Target::key_header),
       .doc = "The header of that key, such as `api-key`: `Authorization` has it after `Bearer`, "
              "any other one by itself.",
       .shown_default = "by the API"},
      {.name = "headers",
       .field = target_field(&Target::headers),
       .doc = "Headers of every request to it; they replace those of the API and of the key of the "
              "same "
              "name.",
       .shown_default = "none"},
      {.name = "ca_file",
       .field = target_field(&Target::tls, &UpstreamTlsConfig::ca_file),
       .doc = "A PEM file with the certificate authorities for https. Empty: those of the system."},
      {.name = "certificate_file",
       .field = target_field(&Target::tls, &UpstreamTlsConfig::certificate_file),
       .doc = "A PEM file with the certificate that identifies the gateway to a target that asks "
              "for one by TLS, followed by those of its authorities."},
      {.name = "certificate_key_file",
       .field = target_field(&Target::tls, &UpstreamTlsConfig::certificate_key_file),
       .doc = "A PEM file with the key of `certificate_file`, not encrypted."},
      {.name = "pins",
       .field = target_field(&Target::tls, &UpstreamTlsConfig::pins),
       .doc = "With https: keys of which the target's certificate must have one, beside the usual "
              "verification; each `sha256//` and the base64 of the SHA-256 of the public key, as "
              "`curl --pinnedpubkey` takes them. With that of the next key as a second one, the "
              "target can change its key."},
      {.name = "limit",
       .field = target_ranged<Duration>(1ms, 1h, &Target::limit),
       .doc =
           "Time limit of one try: to the answer, or to the first piece of a streamed one. After "
           "that the next target of the route is asked."},
      {.name = "total_limit",
       .field = target_ranged<Duration>(0s, 24h, &Target::total_limit),
       .doc = "Time limit of the whole call, from connecting to the last byte of the answer; of a "
              "streamed one to its end, beside `chat.stream_deadline`. `0s`: none."},
      {.name = "connect_limit",
       .field = target_ranged<Duration>(1ms, 1min, &Target::connect_limit),
       .doc = "Time limit of name look-up and connecting."},
      {.name = "silence",
       .field = target_ranged<Duration>(1ms, 1h, &Target::silence),
       .doc = "The longest time between two pieces of a streamed answer, of any kind; beside "
              "`chat.stream_silence`, which is about text."},
      {.name = "system_prompt",
       .field = target_field(&Target::system_prompt),
       .doc = "The system message of chats from `/operator/chat/ask`."},
      {.name = "history_tokens",
       .field = target_ranged<std::size_t>(0, 10'000'000, &Target::history_tokens),
       .doc =
           "How much of the session is sent as messages, newest first, in tokens, estimated as 4 "
           "bytes each."},
      {.name = "max_tokens",
       .field = target_ranged<std::uint32_t>(1, 10'000'000, &Target::max_tokens),
       .doc = "Limit of the answer for chats that have none. `anthropic` only, where the API "
              "requires it."},
      {.name = "anthropic_version",
       .field = target_field(&Target::anthropic_version),
       .doc = "The header `anthropic-version`. `anthropic` only."},
      {.name = "weight",
       .field = target_ranged<std::uint32_t>(1, 1000, &Target::weight),
       .doc = "Its share of the chats of a group, in relation to the weights of the others."},
      {.name = "extra_json",
       .field = target_field(&Target::extra_json),
       .doc = "Members added to requests, as the text of a JSON object: `'{\"temperature\":0.2}'`. "
              "Not added to the body of an OpenAI client for an `openai` target."},
      {.name = "breaker.failures_to_open",
       .field = target_ranged(1U, 1'000'000U, &Target::breaker, &Breaker::failures_to_open),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.name = "breaker.open_for",
       .field = target_ranged<Duration>(1ms, 24h, &Target::breaker, &Breaker::open_for),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.name = "breaker.probes",
       .field = target_ranged(1U, 1000U, &Target::breaker, &Breaker::probes),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},
  };
}

}  // namespace

NamedTables target_tables() {
  NamedTables tables = tables_in("targets", &GatewayConfig::targets);
  tables.doc = "An upstream of chats. Any number of them, in files only.";
  tables.members = target_members();
  return tables;
}

}  // namespace gateway
