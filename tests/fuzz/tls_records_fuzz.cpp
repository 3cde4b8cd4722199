// The bytes of a TLS session, cut, delayed and changed on their way to the server's side of it, as
// the input says. What was only cut arrives; what was changed is never taken for something else.

#include <cstddef>
#include <cstdint>
#include <span>

#include <openssl/ssl.h>

#include "fuzz.hpp"
#include "tls_records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const int version = (data[0] & 1U) == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  tls_records::Carrier carrier(tls_records::make_context(), version);
  const auto outcome = carrier.run(std::span(data, size).subspan(1));
  const std::string_view mistake = tls_records::mistake_in(outcome);
  fuzz::require(mistake.empty(), mistake.data());
  return 0;
}
