#include "auth/jwt_keys.hpp"

#include <algorithm>
#include <cstddef>

#include <openssl/pem.h>

namespace vx11 {
inline namespace v0 {

namespace {

using Bio = OpensslPtr<BIO, &BIO_free_all>;

EVP_PKEY* read_public_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without a callback OpenSSL would prompt on the terminal for an encrypted key's passphrase.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  return bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr;
}

std::string all_names() {
  std::string names;
  for (const JwtAlgorithm& algorithm : jwt_algorithms()) {
    names.append(names.empty() ? "" : ", ").append(algorithm.name);
  }
  return names;
}

}  // namespace

JwtAlgorithms known_algorithms(std::span<const std::string> names, detail::Mistakes& mistakes) {
  JwtAlgorithms known;
  mistakes.add_if(names.empty(), "no algorithm is allowed");
  for (const std::string& name : names) {
    if (const JwtAlgorithm* const algorithm = find_jwt_algorithm(name)) {
      known.push_back(algorithm);
      continue;
    }
    mistakes.about("algorithm", name);
    mistakes.add("it is not one of " + all_names());
    mistakes.about({});
  }
  return known;
}

const JwtAlgorithm* find_allowed(const JwtAlgorithms& allowed, std::string_view name) noexcept {
  const auto at = std::find_if(allowed.begin(), allowed.end(),
                               [=](const JwtAlgorithm* a) { return a->name == name; });
  return at == allowed.end() ? nullptr : *at;
}

JwtKeys::JwtKeys(const JwtOptions& options, detail::Mistakes& mistakes)
    : allowed_(known_algorithms(options.algorithms, mistakes)), secret_(options.secret) {
  const ErrorMark mark;
  if (!options.public_key_pem.empty()) public_key_.reset(read_public_key(options.public_key_pem));
  for (const JwtAlgorithm* const algorithm : allowed_) {
    const bool has_secret = algorithm->family == JwtFamily::hmac;
    has_secret ? check_secret(*algorithm, mistakes) : check_public_key(*algorithm, mistakes);
  }
}

void JwtKeys::check_secret(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const {
  const auto least = static_cast<std::size_t>(EVP_MD_get_size(algorithm.hash()));
  if (secret_.size() < least) {
    mistakes.add(std::string(algorithm.name) + " needs a secret of at least " +
                 std::to_string(least) + " bytes");
  }
  if (secret_.find("-----BEGIN") != std::string::npos) {
    mistakes.add(std::string(algorithm.name) + " needs a secret, not a key in PEM");
  }
}

void JwtKeys::check_public_key(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const {
  if (public_key_ && fits(algorithm, public_key_.get())) return;
  mistakes.add(std::string(algorithm.name)
                   .append(" needs a public key in PEM: ")
                   .append(keys_for(algorithm)));
}

bool JwtKeys::verify(std::string_view algorithm, std::string_view text,
                     std::string_view signature) const {
  const JwtAlgorithm* const allowed = find_allowed(allowed_, algorithm);
  if (allowed == nullptr) return false;
  if (allowed->family == JwtFamily::hmac) {
    return verify_by_secret(*allowed, secret_, text, signature);
  }
  return verify_by_key(*allowed, public_key_.get(), text, signature);
}

}  // namespace v0
}  // namespace vx11
