#pragma once

/// \file
/// The certificate of the listener, kept equal to its files.

#include <vx11/metric_family.hpp>
#include <vx11/net/server_tls.hpp>
#include <vx11/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config.hpp"
#include "config_load.hpp"

namespace gateway {

/// Reads the files again when they change, and logs and counts the outcome. All calls from
/// one thread, but for the counters.
class ListenerTls {
 public:
  ListenerTls(const ListenerTlsConfig& config, std::shared_ptr<vx11::ServerTls> identity);

  void refresh();  ///< If a file has changed. Blocks as long as the file system does.
  void reload();   ///< In any case.

  std::shared_ptr<const vx11::ServerTls> identity() const noexcept { return identity_; }
  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  /// What a change of a file changes.
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_s = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> stamps() const;
  void note_used();

  std::vector<std::string> files_;
  std::shared_ptr<vx11::ServerTls> identity_;
  std::vector<Stamp> seen_;
  bool is_refused_ = false;             ///< The last reading.
  std::atomic<std::uint64_t> used_{1};  // the first reading is that of the start
  std::atomic<std::uint64_t> refused_{0};
};

/// \return null if the listener speaks plain HTTP; `invalid_argument` if a file cannot be used
vx11::Result<std::shared_ptr<ListenerTls>> make_listener_tls(const ListenerTlsConfig& config);

/// Mistakes in the settings, and in the files if there are none.
void check_listener_tls(LoadedConfig& loaded);

/// Readings of the files; empty without TLS.
std::vector<vx11::MetricFamily> listener_tls_metrics(const std::shared_ptr<const ListenerTls>& tls);

}  // namespace gateway
