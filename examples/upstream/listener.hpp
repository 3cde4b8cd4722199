#pragma once

#include <memory>
#include <optional>
#include <string>

#include "faults.hpp"
#include "loops.hpp"
#include "net.hpp"
#include "site.hpp"

namespace upstream {

/// Where connections are spread: over every loop, or kept on the first.
enum class Spread { all_loops, first_loop };

/// Accepts the connections of one site. All of it runs on the first loop.
class Listener {
 public:
  /// Throws boost::system::system_error when the address cannot be had.
  Listener(Loops& loops, Site& site, const Tcp::endpoint& where, Spread spread);

  /// With the port really taken.
  std::string url() const;

  /// Shows a listener fault, or heals with `none`. A fault also ends the open connections: a
  /// pooled one would otherwise hide it. Healing opens a fresh listener on the same port, so
  /// connections that waited in the old one are reset.
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
  // Bound and never listening: keeps the port ours while the listener is closed.
  Acceptor reservation_;
  Tcp::endpoint where_;
  std::shared_ptr<Acceptor> acceptor_;
  std::optional<Socket> filler_;
};

}  // namespace upstream
