#include "auth/token_text.hpp"

#include <vx11/token_file.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "socket/openssl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// CRC-32 as in zlib and PNG (ISO 3309), bit by bit: tokens are short, and requests need none.
std::uint32_t crc32(std::string_view text) noexcept {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/// Of the random digits, with leading zeros.
std::array<char, kChecksumDigits> checksum_of(std::string_view digits) noexcept {
  std::array<char, kChecksumDigits> text{};
  std::uint32_t rest = crc32(digits);
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, rest /= kDigits.size()) {
    *digit = kDigits[rest % kDigits.size()];
  }
  return text;
}

/// Appends uniformly distributed digits; false without random bytes.
bool append_random_digits(std::string& text) {
  constexpr unsigned kEven = 256 - 256 % kDigits.size();  // bytes above would favour some digits
  const std::size_t size = text.size() + kRandomDigits;
  std::array<unsigned char, 2 * kRandomDigits> bytes{};
  while (text.size() < size) {
    if (RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    for (const unsigned char byte : bytes) {
      if (byte < kEven && text.size() < size) text += kDigits[byte % kDigits.size()];
    }
  }
  return true;
}

/// Looked up once: a look-up costs more than the digest of a token.
const EVP_MD* sha256() noexcept {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

/// One for each thread, so that requests allocate none.
EVP_MD_CTX* digest_context() noexcept {
  thread_local const OpensslPtr<EVP_MD_CTX, &EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context.get();
}

}  // namespace

Result<std::string> make_token() {
  std::string token(kTokenPrefix);
  token.reserve(kTokenBytes);
  if (!append_random_digits(token)) {
    return fail(Errc::exhausted, "the system has no random bytes for a token");
  }
  const auto checksum = checksum_of(std::string_view(token).substr(kTokenPrefix.size()));
  token.append(checksum.data(), checksum.size());
  return token;
}

bool is_token(std::string_view text) noexcept {
  if (text.size() != kTokenBytes || !text.starts_with(kTokenPrefix)) return false;
  const std::string_view random = text.substr(kTokenPrefix.size(), kRandomDigits);
  if (random.find_first_not_of(kDigits) != std::string_view::npos) return false;
  const auto checksum = checksum_of(random);
  return std::equal(checksum.begin(), checksum.end(), text.end() - kChecksumDigits);
}

Result<TokenDigest> digest_of(std::string_view token) {
  TokenDigest digest{};
  EVP_MD_CTX* const context = digest_context();
  const bool done = context != nullptr && sha256() != nullptr &&
                    EVP_DigestInit_ex2(context, sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, token.data(), token.size()) == 1 &&
                    EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
  if (!done) return fail(Errc::exhausted, "no memory for a digest");
  return digest;
}

}  // namespace v0
}  // namespace vx11
