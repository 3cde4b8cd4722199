#pragma once

/// \file
/// An authenticator that knows clients by their TLS certificates.

#include <vx11/auth.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/scope.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Which certificates may do what.
struct CertificateAuthOptions {
  /// What the owner of a certificate may use, by `HttpPeer::certificate_name`, compared exactly:
  /// `spiffe://example.org/switch`, `switch.example.org`. At least one; the principal is
  /// `certificate:` and the name, which no token has.
  std::map<std::string, Scopes, std::less<>> names{};
  /// Decides about requests with a credential in a header, also of clients with a certificate, and
  /// about those of clients without one. Null: credentials are ignored, and a certificate is
  /// needed.
  std::shared_ptr<const Authenticator> tokens = {};
};

/// Accepts clients by the certificate that their TLS session proved. One that is not in `names` is
/// `forbidden`: who it is has been established. The server must ask for certificates:
/// `ServerTlsOptions::client_ca_file`.
/// \return `invalid_argument` if `names` is empty, or has an empty name or one without scopes
VX11_API Result<std::shared_ptr<const Authenticator>> make_certificate_authenticator(
    CertificateAuthOptions options);

}  // namespace v0
}  // namespace vx11
