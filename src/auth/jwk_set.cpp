#include "auth/jwk_set.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/jwk.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Json = nlohmann::json;

tl::unexpected<Error> no_set(std::string_view why) {
  return fail(Errc::invalid_argument, std::string(why));
}

/// Whether a member is absent or has the text.
bool allows(const Json& jwk, const char* name, std::string_view value) {
  const auto at = jwk.find(name);
  if (at == jwk.end()) return true;
  const auto* const text = at->get_ptr<const std::string*>();
  return text != nullptr && *text == value;
}

bool is_for_verification(const Json& jwk) {
  const auto operations = jwk.find("key_ops");
  if (!allows(jwk, "use", "sig")) return false;
  if (operations == jwk.end()) return true;
  return operations->is_array() && std::any_of(operations->begin(), operations->end(),
                                               [](const Json& one) { return one == "verify"; });
}

/// The allowed algorithms that the key fits and does not exclude.
JwtAlgorithms algorithms_of(const Json& jwk, const EVP_PKEY* key, const JwtAlgorithms& allowed) {
  JwtAlgorithms fitting;
  for (const JwtAlgorithm* const algorithm : allowed) {
    if (fits(*algorithm, key) && allows(jwk, "alg", algorithm->name)) fitting.push_back(algorithm);
  }
  return fitting;
}

/// None for a key that is to be skipped.
std::optional<Jwk> read_key(const Json& jwk, const JwtAlgorithms& allowed) {
  if (!jwk.is_object() || !is_for_verification(jwk)) return std::nullopt;
  Jwk read;
  if (const auto id = jwk.find("kid"); id != jwk.end()) {
    if (!id->is_string()) return std::nullopt;
    read.id = id->get<std::string>();
  }
  read.key = public_key_of(jwk);
  if (!read.key) return std::nullopt;
  read.algorithms = algorithms_of(jwk, read.key.get(), allowed);
  if (read.algorithms.empty()) return std::nullopt;
  return read;
}

bool takes(const Jwk& key, const JwtAlgorithm& algorithm) {
  return find_allowed(key.algorithms, algorithm.name) != nullptr;
}

}  // namespace

AccessCheck JwkSet::verify(const JwtAlgorithm& algorithm, std::optional<std::string_view> key_id,
                           std::string_view text, std::string_view signature) const {
  bool is_known = false;
  std::size_t fitting = 0;
  const Jwk* sole = nullptr;
  for (const Jwk& key : keys) {
    if (key_id && key.id != *key_id) continue;
    is_known = true;
    if (!takes(key, algorithm)) continue;
    ++fitting;
    sole = &key;
    // Ids should be unique within a set, but need not be (RFC 7517 §4.5).
    if (key_id && verify_by_key(algorithm, key.key.get(), text, signature)) return Access::granted;
  }
  if (!is_known) return {Access::key_unknown, "kid: no key of this id"};
  if (fitting == 0) return {Access::forbidden, "alg: no key of this algorithm"};
  if (!key_id && fitting > 1) return {Access::forbidden, "kid: missing, and several keys fit"};
  if (!key_id && verify_by_key(algorithm, sole->key.get(), text, signature)) return Access::granted;
  return {Access::forbidden, "signature: wrong"};
}

Result<JwkSet> parse_jwk_set(std::string_view text, const JwtAlgorithms& allowed) {
  if (text.size() > kMaxJwkSetBytes) return no_set("is larger than 256 KiB");
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return no_set("is not JSON in UTF-8");
  const auto keys = document.find("keys");
  if (!document.is_object() || keys == document.end() || !keys->is_array()) {
    return no_set("is no JSON Web Key Set: it has no list \"keys\"");
  }
  JwkSet set;
  for (const Json& jwk : *keys) {
    std::optional<Jwk> key;
    if (set.keys.size() < kMaxJwks) key = read_key(jwk, allowed);
    key ? set.keys.push_back(*std::move(key)) : static_cast<void>(++set.skipped);
  }
  if (!set.keys.empty()) return set;
  return no_set("has no key that can be used with an allowed algorithm; " +
                std::to_string(set.skipped) + " keys were skipped");
}

}  // namespace v0
}  // namespace vx11
