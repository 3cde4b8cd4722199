#pragma once

#include <optional>
#include <string>

#include "faults.hpp"
#include "http.hpp"
#include "journal.hpp"
#include "net.hpp"
#include "open_sockets.hpp"
#include "settings.hpp"

namespace upstream {

/// The normal responses of a service. Called concurrently from every event loop.
class Service {
 public:
  virtual ~Service() = default;
  virtual void answer(const Request& request, Reply& reply) = 0;
  /// Whether the answer is a stream, so that stream faults apply to it.
  virtual bool streams(const Request& request, const Settings& settings) const {
    return request.accepts_events && settings.stream;
  }
};

/// One listening service and the state its connections share. Outlives them.
struct Site {
  Service& service;
  const Settings& settings;
  Ledger& ledger;
  Journal& journal;
  std::string token = {};  ///< required on every path but /health; empty: not required
  FaultBoard faults = {};
  OpenSockets sockets = {};
  /// Where a service that calls switch finds it; empty: not served.
  std::optional<Tcp::endpoint> switch_endpoint = {};

  /// The response without faults: checks the token, then calls the service.
  void answer(Request& request, Reply& reply);

 private:
  bool admits(const Request& request, Reply& reply) const;
};

}  // namespace upstream
