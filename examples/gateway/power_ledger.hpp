#pragma once

/// \file
/// The file that keeps what power windows have used, for the next start.

#include <vx11/power_governor.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

/// As a file of JSON has it.
std::string print_ledger(const vx11::PowerLedger& ledger);
/// \return `invalid_argument`, saying whether the text is none of ours, of a later version, or
///         damaged
vx11::Result<vx11::PowerLedger> read_ledger(std::string_view text);

/// Reads the file at the first use and writes it when something in it has changed, and each minute;
/// warns of each problem once. One process at a time uses it. Not thread-safe; blocks.
class LedgerFile {
 public:
  /// \param path empty: nothing is kept
  explicit LedgerFile(std::string path);

  /// Gives the governor what an earlier process has kept; at the first call alone.
  void load(vx11::PowerGovernor& governor);
  /// To be called each second.
  void tend(const vx11::PowerGovernor& governor);
  void save(const vx11::PowerGovernor& governor);

 private:
  vx11::Result<void> try_load(vx11::PowerGovernor& governor);
  vx11::Result<void> try_save(const vx11::PowerGovernor& governor);
  void report(const vx11::Result<void>& done);

  std::string path_;
  vx11::socket_detail::Fd lock_ = {};
  bool is_usable_ = false;  ///< Locked, and read or absent.
  bool is_tried_ = false;
  std::uint64_t saved_version_ = 0;
  vx11::TimePoint due_ = {};
  std::string warned_ = {};
};

}  // namespace gateway
