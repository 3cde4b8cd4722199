#include "listener_tls.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "config_secrets.hpp"
#include "file_text.hpp"

namespace gateway {

namespace {

using Proof = vx11::ServerTlsOptions::ClientProof;

vx11::ServerTlsOptions options_of(const ListenerTlsConfig& config) {
  const bool required = config.client_certificates == ClientCertificates::required;
  return {.certificate_file = config.certificate_file.value,
          .key_file = config.key_file.value,
          .client_ca_file = config.client_ca_file.value,
          .client_proof = required ? Proof::required : Proof::optional};
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
  return loaded.mistakes.size() == before;
}

}  // namespace

ListenerTls::ListenerTls(const ListenerTlsConfig& config, std::shared_ptr<vx11::ServerTls> identity)
    : identity_(std::move(identity)) {
  for (const FilePath* file :
       {&config.certificate_file, &config.key_file, &config.client_ca_file}) {
    if (!file->value.empty()) files_.emplace_back(file->value);
  }
  seen_ = stamps();
  is_refused_ = !identity_->reload();  // the files may have changed before they were looked at
}

std::vector<ListenerTls::Stamp> ListenerTls::stamps() const {
  std::vector<Stamp> all;
  for (const auto& file : files_) {
    struct stat found {};  // stays empty for a file that is gone
    (void)::stat(file.c_str(), &found);
    all.push_back({found.st_ino, found.st_size, found.st_ctim.tv_sec, found.st_ctim.tv_nsec});
  }
  return all;
}

void ListenerTls::refresh() {
  if (stamps() != seen_) return reload();
  // The system may have failed, or a mode was changed.
  if (is_refused_ && identity_->reload()) note_used();
}

void ListenerTls::note_used() {
  is_refused_ = false;
  used_.fetch_add(1, std::memory_order_relaxed);
  spdlog::info("server.tls was read again, for new connections");
}

void ListenerTls::reload() {
  seen_ = stamps();    // before the reading: a change during it is noticed
  is_refused_ = true;  // also if memory runs out
  const auto reloaded = identity_->reload();
  if (reloaded) return note_used();
  refused_.fetch_add(1, std::memory_order_relaxed);
  spdlog::error("server.tls was not taken over, the certificate read before stays in force: {}",
                reloaded.error().detail);
}

vx11::Result<std::shared_ptr<ListenerTls>> make_listener_tls(const ListenerTlsConfig& config) {
  if (!config.is_on()) return nullptr;
  auto identity = vx11::ServerTls::make(options_of(config));
  if (!identity) return vx11::fail(std::move(identity.error()));
  return std::make_shared<ListenerTls>(config, *std::move(identity));
}

void check_listener_tls(LoadedConfig& loaded) {
  const ListenerTlsConfig& tls = loaded.config.server.tls;
  check_exposure(loaded);
  const bool has_others = !tls.key_file.value.empty() || !tls.client_ca_file.value.empty();
  if (!tls.is_on() && has_others) {
    complain(loaded, "server.tls.certificate_file", "is missing; give --tls-cert FILE");
  } else if (tls.is_on() && tls.key_file.value.empty()) {
    complain(loaded, "server.tls.key_file", "is missing; give --tls-key FILE");
  } else if (!check_files(loaded)) {
    return;
  } else if (const auto made = make_listener_tls(tls); !made) {
    complain(loaded, "server.tls.certificate_file", made.error().detail, Mistake::Kind::machine);
  }
}

std::vector<vx11::MetricFamily> listener_tls_metrics(
    const std::shared_ptr<const ListenerTls>& tls) {
  if (tls == nullptr) return {};
  return {{.name = "vx11_tls_certificate_reads_total",
           .help = "Readings of the listener's certificate; a refused one changed nothing.",
           .series = {
               {.labels = {{"outcome", "used"}}, .value = [tls] { return tls->used(); }},
               {.labels = {{"outcome", "refused"}}, .value = [tls] { return tls->refused(); }}}}};
}

}  // namespace gateway
