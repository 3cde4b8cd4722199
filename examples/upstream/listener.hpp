#pragma once

#include <memory>
#include <optional>
#include <string>

#include "faults.hpp"
#include "loops.hpp"
#include "net.hpp"
#include "site.hpp"

namespace upstream {

/// How connections are distributed: over all loops, or on the first only.
enum class Spread { all_loops, first_loop };

/// Accepts the connections of one site. Runs on the first loop only.
class Listener {
 public:
  /// Throws boost::system::system_error if the address cannot be bound.
  Listener(Loops& loops, Site& site, const Tcp::endpoint& where, Spread spread);

  /// With the port actually bound.
  std::string url() const;
  const Tcp::endpoint& endpoint() const noexcept { return where_; }

  /// Applies a listener fault, or clears it with `none`. A fault also closes the open connections,
  /// since a pooled one would hide it. Clearing opens a new listener on the same port, so
  /// connections queued in the old one are reset.
  void show(FaultKind fault);

 private:
  void open();
  void stop_accepting();
  void fill_backlog();
  static Coro<void> accept_all(Listener& self, std::shared_ptr<Acceptor> acceptor);
  Coro<void> accept_one(Acceptor& acceptor);

  Loops& loops_;
  Site& site_;
  Spread spread_;
  FaultKind fault_ = FaultKind::none;
  // Bound but never listening: reserves the port while the listener is closed.
  Acceptor reservation_;
  Tcp::endpoint where_;
  std::shared_ptr<Acceptor> acceptor_;
  std::optional<Socket> filler_;
};

}  // namespace upstream
