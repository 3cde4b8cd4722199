#include <vx11/net/transport.hpp>

#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;

vx11::Result<std::shared_ptr<vx11::Transport>> make_transport(const char* description) {
  Fields fields(description);
  vx11::NetTransportOptions options;
  fields.read_ms("connect_timeout_ms", "connect_limit_ms", options.connect_timeout);
  fields.read_ms("first_byte_timeout_ms", "first_byte_limit_ms", options.first_byte_timeout);
  fields.read_ms("between_chunks_timeout_ms", options.between_chunks_timeout);
  fields.read("max_body_bytes", options.max_body_bytes);
  fields.read("max_idle", options.max_idle);
  fields.read_ms("idle_timeout_ms", "idle_for_ms", options.idle_timeout);
  fields.read("ca_file", options.ca_file);
  fields.read("certificate_file", options.certificate_file);
  fields.read("key_file", options.key_file);
  fields.read("pins", options.pins);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  const bool has_tls = !(options.ca_file.empty() && options.certificate_file.empty() &&
                         options.key_file.empty() && options.pins.empty());
  if (auto valid = has_tls ? validate(options) : vx11::Result<>(); !valid) {
    return vx11::fail(valid.error());
  }
  return vx11::make_net_transport(std::move(options));
}

}  // namespace

vx11_code vx11_transport_new(const char* options, vx11_transport** transport, char** error) {
  return guarded(error, [&] { return give(make_transport(options), transport); });
}

vx11_code vx11_transport_free(vx11_transport* transport) {
  return release(transport);
}
