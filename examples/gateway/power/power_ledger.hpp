#pragma once

/// \file
/// The file that keeps what power windows have used, for the next start.

#include <vx11/metric_family.hpp>
#include <vx11/power_governor.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// As a file of JSON has it.
std::string print_ledger(const vx11::PowerLedger& ledger);
/// \return `invalid_argument`, saying whether the text is none of ours, of a later version, or
///         damaged
vx11::Result<vx11::PowerLedger> read_ledger(std::string_view text);

/// Reads the file at the first use and writes it when something in it has changed, and each minute;
/// warns of each problem once. What cannot be read is tried again before each write. One process at
/// a time uses it. Not thread-safe, except for `has_file` and `is_kept`; blocks.
class LedgerFile {
 public:
  /// \param path empty: nothing is kept
  explicit LedgerFile(std::string path);

  /// Gives the governor what an earlier process has kept, once.
  void load(vx11::PowerGovernor& governor);
  /// To be called each second.
  void tend(vx11::PowerGovernor& governor);
  void save(vx11::PowerGovernor& governor);
  bool has_file() const noexcept { return !path_.empty(); }
  /// Whether the last attempt to read or write the file succeeded.
  bool is_kept() const noexcept { return is_kept_.load(std::memory_order_relaxed); }

 private:
  vx11::Result<void> try_load(vx11::PowerGovernor& governor);
  vx11::Result<void> try_save(const vx11::PowerGovernor& governor);
  void report(vx11::PowerGovernor& governor, const vx11::Result<void>& done);

  const std::string path_;
  vx11::socket_detail::Fd lock_ = {};
  bool is_usable_ = false;  ///< Locked, and read or absent.
  std::atomic<bool> is_kept_{false};
  std::uint64_t saved_version_ = 0;
  vx11::TimePoint due_ = {};
  std::string warned_ = {};
};

/// `vx11_power_ledger_kept`, where there are rules and a file.
std::vector<vx11::MetricFamily> ledger_metrics(const std::shared_ptr<const LedgerFile>& ledger);

}  // namespace gateway
