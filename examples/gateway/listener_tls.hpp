#pragma once

/// \file
/// The certificate of the listener, kept equal to its files.

#include <vx11/metric_family.hpp>
#include <vx11/net/server_tls.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/files/watched_file.hpp"
#include "gateway/settings/config_load.hpp"

namespace gateway {

/// The certificate, and what reads its files again.
struct ListenerTls {
  std::shared_ptr<vx11::ServerTls> identity = {};  ///< Null: plain HTTP.
  std::shared_ptr<WatchedFile> watched = {};
};

/// \return `invalid_argument` if a file cannot be used
vx11::Result<ListenerTls> make_listener_tls(const ListenerTlsConfig& config);

/// Mistakes in the settings, and in the files if there are none.
void check_listener_tls(LoadedConfig& loaded);

/// Readings of the files; empty without TLS.
std::vector<vx11::MetricFamily> listener_tls_metrics(const ListenerTls& tls);

}  // namespace gateway
