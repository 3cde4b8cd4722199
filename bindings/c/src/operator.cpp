#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;
using vx11::Authenticator;
using vx11::Errc;
using vx11::fail;
using vx11::Result;

vx11::JwtOptions jwt_of(Fields fields) {
  vx11::JwtOptions options;
  std::optional<std::chrono::seconds> leeway = options.leeway;
  fields.read("algorithms", options.algorithms);
  fields.read("secret", options.secret);
  fields.read("public_key_pem", options.public_key_pem);
  fields.read("audience", options.audience);
  fields.read("issuer", options.issuer);
  fields.read_s("leeway_s", leeway);
  fields.end();
  options.leeway = leeway.value_or(options.leeway);
  return options;
}

Result<std::shared_ptr<const Authenticator>> authenticator_of(Fields fields) {
  std::string token;
  bool open = false;
  fields.read("token", token);
  fields.read("open", open);
  const bool jwt = fields.has("jwt");
  vx11::JwtOptions options = jwt_of(fields.object("jwt"));
  auto right = fields.finish();
  if (!right) return fail(right.error());
  if (jwt + open + !token.empty() != 1) {
    return fail(Errc::invalid_argument, "auth is one of token, jwt and open");
  }
  if (jwt) return vx11::make_jwt_authenticator(std::move(options));
  if (open) return vx11::make_open_authenticator();
  return vx11::make_token_authenticator(std::move(token));
}

Result<vx11::OperatorApiOptions> options_of(const char* description) {
  Fields fields(description);
  vx11::OperatorApiOptions options;
  auto auth = authenticator_of(fields.object("auth"));
  if (!auth) return fail(auth.error());
  options.auth = std::move(*auth);
  fields.read("primary", options.primary);
  fields.read("max_body_bytes", options.max_body_bytes);
  fields.read("max_message_bytes", options.max_message_bytes);
  auto right = fields.finish();
  if (!right) return fail(right.error());
  return options;
}

}  // namespace

vx11_code vx11_operator_new(const char* options, const vx11_router* router,
                            const vx11_health* health, const vx11_power* power,
                            const vx11_sessions* sessions, vx11_operator** api, char** error) {
  return guarded(error, [&] {
    auto read = options_of(options);
    if (!read) return failure(read.error());
    if (router) read->router = needed(router)->router;
    if (health) read->health = needed(health)->aggregator;
    if (power) read->power = needed(power)->client;
    if (sessions) read->sessions = needed(sessions)->store;
    return give(vx11::OperatorApi::create(std::move(*read)), api);
  });
}

vx11_code vx11_operator_free(vx11_operator* api) {
  return release(api);
}

vx11_code vx11_operator_handle(const vx11_operator* api, const char* method, const char* target,
                               const char* const* headers, size_t header_count, const char* body,
                               size_t size, int64_t timeout_ms, const vx11_stop* stop,
                               vx11_response** response, char** error) {
  return guarded(error, [&] {
    const auto asked = needed(api);
    result(response);
    vx11::HttpRequest request(text_of(method), {}, text_of(target));
    request.headers = headers_of(headers, header_count);
    request.body = body_of(body, size);
    auto answered = vx11::sync_wait(asked->api.handle(request, deadline_of(timeout_ms, stop)));
    return give(std::shared_ptr<vx11_response>(new vx11_response{std::move(answered)}), response);
  });
}

vx11_code vx11_operator_drain(const vx11_operator* api) {
  return guarded(nullptr, [&] {
    needed(api)->api.drain();
    return Ending();
  });
}

int vx11_response_status(const vx11_response* response) {
  const auto object = held(response);
  return object ? object->response.status : 0;
}

size_t vx11_response_header_count(const vx11_response* response) {
  const auto object = held(response);
  return object ? object->response.headers.size() : 0;
}

const char* vx11_response_header_name(const vx11_response* response, size_t index) {
  const auto object = held(response);
  const auto header = object ? header_at(object->response.headers, index) : std::nullopt;
  return header ? header->name.data() : nullptr;
}

const char* vx11_response_header_value(const vx11_response* response, size_t index) {
  const auto object = held(response);
  const auto header = object ? header_at(object->response.headers, index) : std::nullopt;
  return header ? header->value.data() : nullptr;
}

const char* vx11_response_body(const vx11_response* response, size_t* size) {
  const auto object = held(response);
  if (size) *size = object ? object->response.body.size() : 0;
  return object ? object->response.body.c_str() : nullptr;
}

vx11_code vx11_response_free(vx11_response* response) {
  return release(response);
}
