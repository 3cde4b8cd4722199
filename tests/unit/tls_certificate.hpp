#pragma once

/// \file
/// A certificate that signs itself, as files for one test.

#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "scratch_folder.hpp"

namespace tls_certificate {

class TlsCertificate {
 public:
  /// \param password encrypts the key; empty: it is not encrypted
  explicit TlsCertificate(const std::string& names = "IP:127.0.0.1,DNS:localhost",
                          const std::string& password = {}) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
    describe(*certificate, *key, names);
    pin_ = pin_of(*key);
    write(clean_list(), listing(*certificate, *key, false, 3600));
    write(revoking_list(), listing(*certificate, *key, true, 3600));
    write(expired_list(), listing(*certificate, *key, false, -60));
    write(key_file(), [&](std::FILE* file) {
      const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
      return PEM_write_PKCS8PrivateKey(file, key.get(), cipher, password.data(),
                                       static_cast<int>(password.size()), nullptr, nullptr);
    });
    write(file(), [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
  }

  std::string file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }
  /// Its revocation lists: of nothing, of itself, and one whose time has passed.
  std::string clean_list() const { return folder_ / "clean.crl"; }
  std::string revoking_list() const { return folder_ / "revoking.crl"; }
  std::string expired_list() const { return folder_ / "expired.crl"; }
  /// Of its key, as transports take it.
  std::string pin() const { return pin_; }

 private:
  static std::string pin_of(const EVP_PKEY& key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(&key, &der);
    std::array<unsigned char, 32> digest{};
    EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    std::array<unsigned char, 45> text{};
    EVP_EncodeBlock(text.data(), digest.data(), digest.size());
    return std::string("sha256//") + reinterpret_cast<const char*>(text.data());
  }

  static void describe(X509& certificate, EVP_PKEY& key, const std::string& names) {
    X509_set_version(&certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(&certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(&certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(&certificate), 3600);
    X509_set_pubkey(&certificate, &key);
    // Issuers differ: of two lists of one issuer OpenSSL takes the one that was made later.
    static std::atomic<int> made = 0;
    const std::string name = "vx11 test " + std::to_string(++made);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()),
        &X509_EXTENSION_free);
    X509_add_ext(&certificate, extension.get(), -1);
    if (X509_sign(&certificate, &key, EVP_sha256()) == 0) throw std::runtime_error("no signature");
  }

  /// Writes a revocation list.
  /// \param until when it is valid, in seconds from now
  static std::function<int(std::FILE*)> listing(X509& certificate, EVP_PKEY& key, bool revokes,
                                                long until) {
    return [&certificate, &key, revokes, until](std::FILE* file) {
      const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(),
                                                                     &X509_CRL_free);
      const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(
          X509_gmtime_adj(nullptr, -120), &ASN1_TIME_free);
      X509_CRL_set_version(list.get(), 1);
      X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(&certificate));
      X509_CRL_set1_lastUpdate(list.get(), time.get());
      if (revokes) {
        X509_REVOKED* const entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(&certificate));
        X509_REVOKED_set_revocationDate(entry, time.get());
        X509_CRL_add0_revoked(list.get(), entry);
      }
      X509_gmtime_adj(time.get(), until);
      X509_CRL_set1_nextUpdate(list.get(), time.get());
      X509_CRL_sign(list.get(), &key, EVP_sha256());
      return PEM_write_X509_CRL(file, list.get());
    };
  }

  template <class Writer>
  static void write(const std::string& name, Writer writer) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "w"),
                                                               &std::fclose);
    if (!file || writer(file.get()) != 1) throw std::runtime_error("cannot write " + name);
  }

  ScratchFolder folder_;
  std::string pin_;
};

}  // namespace tls_certificate
