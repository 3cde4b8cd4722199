#pragma once

/// \file
/// The objectives that the configuration describes, and the file that keeps their history.

#include <vx11/result.hpp>
#include <vx11/service_objectives.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

using Objectives = std::shared_ptr<const vx11::ServiceObjectives>;

/// Those of `[slo.NAME]`, or else the default ones.
/// \param primaries the targets of the first step of `/operator/chat/ask`
/// \param earlier   of the configuration before; may be null
vx11::Result<Objectives> make_objectives(const GatewayConfig& config,
                                         const std::vector<std::string>& primaries,
                                         const Objectives& earlier);

/// Histories by the names of their objectives.
struct NamedHistory {
  std::string counted = {};  ///< As `vx11::counted_text` of the objective.
  vx11::ServiceLevelHistory history = {};
};
using Histories = std::map<std::string, NamedHistory, std::less<>>;

/// As a file of JSON has them.
std::string print_histories(const Histories& histories);
/// \return `invalid_argument`, saying whether the text is none of ours, of a later version, or
///         damaged
vx11::Result<Histories> read_histories(std::string_view text);

/// A file that keeps histories between processes. One process at a time uses it: the others do
/// without until that one has ended. Not thread-safe; blocks.
class HistoryFile {
 public:
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// Reads the file at the first call that gets hold of it, and adds its histories to the
  /// objectives of the same names that count the same.
  /// \return what keeps the histories from being kept; the file is then left as it is
  vx11::Result<void> load(const vx11::ServiceObjectives& objectives);
  /// Remembers the histories of those that may leave, and adds to each new objective what is known
  /// of its name.
  void change(const vx11::ServiceObjectives& before, const vx11::ServiceObjectives& objectives);
  /// `load`, then writes the histories of the objectives in place of the file. Those of other
  /// names stay in it.
  vx11::Result<void> save(const vx11::ServiceObjectives& objectives);
  bool has_others() const noexcept { return !others_.empty(); }

 private:
  vx11::Result<void> lock();

  std::string path_;
  vx11::socket_detail::Fd lock_ = {};
  bool is_loaded_ = false;
  /// Of objectives that are not configured now, as they were read or when they left.
  Histories others_ = {};
};

/// Saves from time to time, and warns of each problem once. Not thread-safe but for `is_kept`;
/// blocks.
class KeptHistory {
 public:
  /// \param path empty: nothing is kept
  explicit KeptHistory(std::string path);

  void load(const vx11::ServiceObjectives& objectives);
  /// For objectives that may come into force after `before`; they may also be given up.
  void change(const vx11::ServiceObjectives& before, const vx11::ServiceObjectives& objectives);
  /// To be called each second; saves each minute.
  void tend(const vx11::ServiceObjectives& objectives);
  void save(const vx11::ServiceObjectives& objectives);
  bool has_file() const noexcept { return file_ != nullptr; }
  /// Whether the last attempt to read or write the file succeeded.
  bool is_kept() const noexcept { return is_kept_.load(std::memory_order_relaxed); }

 private:
  void report(const vx11::Result<void>& done);

  std::unique_ptr<HistoryFile> file_;
  vx11::TimePoint due_;
  std::string warned_ = {};
  std::atomic<bool> is_kept_{false};
};

/// `vx11_slo_history_kept`, where there is a file to keep it in.
std::vector<vx11::MetricFamily> history_metrics(const std::shared_ptr<const KeptHistory>& history);

}  // namespace gateway
