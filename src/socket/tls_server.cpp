#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "socket/tls_impl.hpp"

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

/// How long a ticket is good, in seconds; its key may be gone before.
constexpr long kTicketSeconds = 3600;

std::optional<std::string> content_of(const std::string& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

/// A ticket is good only for a server that asks for the same proof of its clients: otherwise a
/// client would be accepted again whose authority is not trusted any more, or which was revoked.
bool bind_sessions(SSL_CTX* context, const ServerCertificate& own) {
  const auto authorities = content_of(own.client_ca_file);
  if (!authorities) return false;
  const std::string asked =
      (own.client_proof == ClientProof::required ? "required " : "optional ") + *authorities +
      content_of(own.client_crl_file).value_or("");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  return EVP_Digest(asked.data(), asked.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1 &&
         SSL_CTX_set_session_id_context(context, digest.data(), size) == 1;
}

bool ask_clients(SSL_CTX* context, const ServerCertificate& own) {
  if (own.client_ca_file.empty()) return true;
  const bool required = own.client_proof == ClientProof::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(own.client_ca_file.c_str());
  if (names == nullptr) return false;
  SSL_CTX_set_client_CA_list(context, names);
  return SSL_CTX_load_verify_locations(context, own.client_ca_file.c_str(), nullptr) == 1;
}

/// RFC 7301: a client that offers protocols must be able to speak ours.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  constexpr std::string_view kHttp = "http/1.1";
  for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (name != kHttp) continue;
    *chosen = offered + at + 1;
    *chosen_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// A resumed session proves nothing anew, so it is good only as long as the client's certificate.
SSL_TICKET_RETURN accept_ticket(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                                SSL_TICKET_STATUS status, void*) {
  const bool is_known = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!is_known) return SSL_TICKET_RETURN_IGNORE_RENEW;
  const X509* const client = SSL_SESSION_get0_peer(session);
  if (client != nullptr && X509_cmp_current_time(X509_get0_notAfter(client)) <= 0) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make_server(
    const ServerCertificate& own, std::shared_ptr<TlsTicketKeys> tickets) {
  auto impl = std::make_unique<Impl>(TLS_server_method());
  SSL_CTX* const context = impl->context.get();
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);  // one receive for all records that have arrived
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only
  SSL_CTX_set_timeout(context, kTicketSeconds);
  SSL_CTX_set_session_ticket_cb(context, nullptr, &accept_ticket, nullptr);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  const Result<> identified = identify(context, own.file, own.key_file, "the certificate");
  for (const auto& [file, what] : {std::pair(own.client_ca_file, "the authorities of clients"),
                                   std::pair(own.client_crl_file, "the revocation lists")}) {
    if (auto checked = check_size(file, what); !checked) return fail(std::move(checked.error()));
  }
  // In this order: of a file that changes meanwhile, no ticket outlives the next reload.
  const bool asks = bind_sessions(context, own) && ask_clients(context, own);
  ERR_clear_error();
  if (!identified) return fail(identified.error());
  if (!asks) {
    return fail(Errc::invalid_argument, "the authorities of clients cannot be read as PEM");
  }
  if (!own.client_crl_file.empty()) {
    auto revocations = refuse_revoked(context, own.client_crl_file);
    if (!revocations) return fail(std::move(revocations.error()));
    impl->revocations = *revocations;
  }
  impl->tickets = std::move(tickets);
  impl->tickets->use_in(context);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
