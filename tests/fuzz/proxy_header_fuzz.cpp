// The PROXY header over arbitrary bytes: it does not crash, and what is decided stays decided when
// more bytes arrive.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/server/ip_address.hpp"
#include "net/server/proxy_header.hpp"

using vx11::net_detail::IpAddress;
using vx11::net_detail::ProxyHeader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader whole = vx11::net_detail::read_proxy_header(bytes);
  if (whole.size > size || whole.size > ProxyHeader::kMost) std::abort();
  if (!whole.client.empty() && !IpAddress::parse(whole.client)) std::abort();
  for (std::size_t part = 0; part < size; ++part) {
    const ProxyHeader begun = vx11::net_detail::read_proxy_header(bytes.substr(0, part));
    if (begun.then == ProxyHeader::Then::more) continue;
    const bool is_same = begun.then == whole.then && begun.size == whole.size;
    if (!is_same || begun.client != whole.client) std::abort();
    break;
  }
  return 0;
}
