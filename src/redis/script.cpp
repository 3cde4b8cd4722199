#include <array>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "redis/command.hpp"
#include "text/hex.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

namespace {

/// SHA-1 because EVALSHA says so; it identifies the script and protects nothing.
std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return hex_of(digest, size);
}

}  // namespace

Script::Script(std::string_view source, Effect effect)
    : source_(source), sha1_(sha1_of(source)), effect_(effect) {}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
