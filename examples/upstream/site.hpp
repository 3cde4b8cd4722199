#pragma once

#include <string>

#include "faults.hpp"
#include "http.hpp"
#include "journal.hpp"
#include "open_sockets.hpp"
#include "settings.hpp"

namespace upstream {

/// What a service answers when nothing is wrong. Called from every event loop at once.
class Service {
 public:
  virtual ~Service() = default;
  virtual void answer(const Request& request, Reply& reply) = 0;
};

/// One listening service with all that its connections share. Outlives them.
struct Site {
  Service& service;
  const Settings& settings;
  Ledger& ledger;
  Journal& journal;
  std::string token = {};  ///< asked for on every path but /health; empty: not asked for
  FaultBoard faults = {};
  OpenSockets sockets = {};

  /// The answer without faults: token, then service.
  void answer(Request& request, Reply& reply);

 private:
  bool admits(const Request& request, Reply& reply) const;
};

}  // namespace upstream
