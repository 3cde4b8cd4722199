#include "gateway/listener_tls.hpp"

#include <vx11/session.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/files/file_text.hpp"
#include "gateway/log/log.hpp"

namespace gateway {

namespace {

using Proof = vx11::ServerTlsOptions::ClientProof;

vx11::ServerTlsOptions options_of(const ListenerTlsConfig& config) {
  const bool required = config.client_certificates == ClientCertificates::required;
  return {.certificate_file = config.certificate_file.value,
          .key_file = config.key_file.value,
          .client_ca_file = config.client_ca_file.value,
          .client_proof = required ? Proof::required : Proof::optional,
          .client_crl_file = config.client_crl_file.value};
}

/// Warns once an hour while a revocation list has expired. Not thread-safe.
class ExpiryWarning {
 public:
  void check(const vx11::ServerTls& identity) {
    const vx11::WallTime now = vx11::WallClock().now();
    const vx11::WallTime expired_at = identity.revocation_lists().next_update;
    if (expired_at > now || now < next_) return;
    next_ = now + std::chrono::hours(1);
    log_event(LogEvent::tls_revocation_list_expired,
              {{"expired_at", vx11::to_rfc3339(expired_at)}});
  }

 private:
  vx11::WallTime next_ = {};
};

std::string description_of(const vx11::ServerTls& identity) {
  const vx11::RevocationLists lists = identity.revocation_lists();
  if (lists.count == 0) return "the certificate and its key";
  return fmt::format("the certificate, its key and {} revocation lists", lists.count);
}

void check_exposure(LoadedConfig& loaded) {
  const ServerConfig& server = loaded.config.server;
  if (server.tls.is_on() || server.insecure_listen || is_loopback(server.listen)) return;
  complain(loaded, "server.listen",
           fmt::format("other machines can connect to {}, and tokens and chats would be readable "
                       "on the network; give --tls-cert and --tls-key, or --insecure-listen if "
                       "something in front of the gateway ends TLS",
                       to_string(server.listen)));
}

/// \return whether all can be read
bool check_files(LoadedConfig& loaded) {
  const ListenerTlsConfig& tls = loaded.config.server.tls;
  const std::size_t before = loaded.mistakes.size();
  const auto check = [&](std::string_view key, const FilePath& file) {
    if (file.value.empty()) return;
    const auto text = file_text(file.value);
    if (text) return;
    complain(loaded, key, unreadable(file.value, text.error()), Mistake::Kind::machine);
  };
  check("server.tls.certificate_file", tls.certificate_file);
  check("server.tls.key_file", tls.key_file);
  check("server.tls.client_ca_file", tls.client_ca_file);
  check("server.tls.client_crl_file", tls.client_crl_file);
  return loaded.mistakes.size() == before;
}

}  // namespace

vx11::Result<ListenerTls> make_listener_tls(const ListenerTlsConfig& config) {
  if (!config.is_on()) return ListenerTls();
  auto made = vx11::ServerTls::make(options_of(config));
  if (!made) return vx11::fail(std::move(made.error()));
  const std::shared_ptr<vx11::ServerTls> identity = *std::move(made);
  auto watched = std::make_shared<WatchedFile>(
      WatchedFile::Source{.setting = "server.tls",
                          .refresh =
                              [identity, warning = ExpiryWarning()]() mutable {
                                warning.check(*identity);
                                return identity->refresh().map([](auto change) {
                                  return change == vx11::ServerTlsChange::replaced;
                                });
                              },
                          .reload = [identity] { return identity->reload(); },
                          .describe = [identity] { return description_of(*identity); }});
  return ListenerTls{.identity = identity, .watched = std::move(watched)};
}

void check_listener_tls(LoadedConfig& loaded) {
  const ListenerTlsConfig& tls = loaded.config.server.tls;
  check_exposure(loaded);
  const bool has_others = !tls.key_file.value.empty() || !tls.client_ca_file.value.empty();
  if (!tls.is_on() && has_others) {
    complain(loaded, "server.tls.certificate_file", "is missing; give --tls-cert FILE");
  } else if (tls.is_on() && tls.key_file.value.empty()) {
    complain(loaded, "server.tls.key_file", "is missing; give --tls-key FILE");
  } else if (tls.client_ca_file.value.empty() && !tls.client_crl_file.value.empty()) {
    complain(loaded, "server.tls.client_crl_file",
             "needs server.tls.client_ca_file: without it clients are not asked for certificates");
  } else if (!check_files(loaded)) {
    return;
  } else if (const auto made = make_listener_tls(tls); !made) {
    complain(loaded, "server.tls.certificate_file", made.error().detail, Mistake::Kind::machine);
  }
}

std::vector<vx11::MetricFamily> listener_tls_metrics(const ListenerTls& tls) {
  if (tls.watched == nullptr) return {};
  std::vector<vx11::MetricFamily> families = {
      readings_of(tls.watched, "vx11_tls_certificate_reads_total",
                  "Readings of the listener's certificate; a refused one changed nothing.")};
  if (tls.identity->revocation_lists().count == 0) return families;
  families.push_back(
      {.name = "vx11_tls_revocations_expire_timestamp_seconds",
       .help = "When the first revocation list of clients expires, in Unix time.",
       .kind = vx11::MetricKind::gauge,
       .series = {{.value = [identity = tls.identity] {
         const auto at = identity->revocation_lists().next_update;
         return static_cast<std::uint64_t>(
             std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
       }}}});
  return families;
}

}  // namespace gateway
