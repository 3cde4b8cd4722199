// The headers of proxies over arbitrary bytes: they name an address or nothing, and never one of a
// trusted proxy while the last element is not one.
#include <vx11/headers.hpp>
#include <vx11/net/trusted_proxies.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/server/forwarded.hpp"
#include "net/server/ip_address.hpp"

namespace {

const vx11::TrustedProxies& proxies() {
  static const auto trusted = vx11::TrustedProxies::parse({"10.0.0.0/8"}).value();
  return trusted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string field(reinterpret_cast<const char*>(data), size);
  for (char& byte : field) {
    if (static_cast<unsigned char>(byte) < ' ' && byte != '\t') byte = ' ';
  }
  for (const auto header : {vx11::ClientHeader::x_forwarded_for, vx11::ClientHeader::forwarded}) {
    const bool is_list = header == vx11::ClientHeader::x_forwarded_for;
    vx11::Headers headers;
    headers.add(is_list ? "X-Forwarded-For" : "Forwarded", field);
    const std::string client = vx11::net_detail::client_behind(headers, header, proxies());
    if (!client.empty() && !vx11::net_detail::IpAddress::parse(client)) std::abort();
    headers.add(is_list ? "X-Forwarded-For" : "Forwarded", is_list ? "192.0.2.1" : "for=192.0.2.1");
    if (vx11::net_detail::client_behind(headers, header, proxies()) != "192.0.2.1") std::abort();
  }
  return 0;
}
