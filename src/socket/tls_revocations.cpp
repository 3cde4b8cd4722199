#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "socket/tls_impl.hpp"

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

using Crl = OpensslPtr<X509_CRL, &X509_CRL_free>;

/// The latest time if the list has no end.
WallTime expiry_of(const X509_CRL& list) {
  const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(&list);
  std::tm time{};
  if (next == nullptr || ASN1_TIME_to_tm(next, &time) != 1) return WallTime::max();
  return std::chrono::time_point_cast<WallTime::duration>(
      std::chrono::system_clock::from_time_t(::timegm(&time)));
}

bool take(Revocations& all, X509_STORE& store, X509_CRL& list) {
  if (X509_STORE_add_crl(&store, &list) != 1) return false;
  ++all.lists;
  all.expire_at = std::min(all.expire_at, expiry_of(list));
  return true;
}

/// Whether reading has stopped at the end of the file rather than at a damaged list.
bool is_at_end() {
  const auto error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

Result<Revocations> refuse_revoked(SSL_CTX* context, const std::string& file) {
  Revocations all;
  const OpensslPtr<BIO, &BIO_free> in(BIO_new_file(file.c_str(), "r"));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  bool is_whole = in != nullptr;
  ERR_clear_error();
  while (is_whole) {
    const Crl list(PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
    if (!list) {
      is_whole = is_at_end();
      break;
    }
    is_whole = take(all, *store, *list);
  }
  ERR_clear_error();
  if (!is_whole || all.lists == 0) {
    return fail(Errc::invalid_argument, "the revocation lists of clients cannot be read as PEM");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return all;
}

std::size_t TlsContext::revocation_lists() const noexcept {
  return impl_->revocations.lists;
}

WallTime TlsContext::revocations_expire_at() const noexcept {
  return impl_->revocations.expire_at;
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
