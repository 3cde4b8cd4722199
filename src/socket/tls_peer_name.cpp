#include <algorithm>
#include <string>
#include <string_view>

#include <openssl/asn1.h>
#include <openssl/x509v3.h>

#include "socket/tls_impl.hpp"

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

std::string_view text_of(const ASN1_STRING* text) noexcept {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// A NUL within a name has been used to make it look like another one.
bool is_plain(std::string_view name) noexcept {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

/// The first name of this kind.
const ASN1_STRING* first_of(const GENERAL_NAMES* names, int kind) noexcept {
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == kind) return name->d.ia5;
  }
  return nullptr;
}

}  // namespace

std::string name_of(const X509& certificate) {
  const OpensslPtr<GENERAL_NAMES, &GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return {};
  for (const int kind : {GEN_URI, GEN_DNS, GEN_EMAIL}) {
    const ASN1_STRING* const name = first_of(names.get(), kind);
    if (name == nullptr) continue;
    return is_plain(text_of(name)) ? std::string(text_of(name)) : std::string();
  }
  return {};
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
