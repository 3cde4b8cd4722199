#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "listener.hpp"
#include "madre.hpp"
#include "settings.hpp"
#include "site.hpp"

namespace upstream {

/// The control port for tests: faults, settings, counters, last requests. Its connections run on
/// the first loop, like the listeners, so an order is in effect when its response is sent.
class Control final : public Service {
 public:
  struct Target {
    std::string name;
    Site& site;
    Listener& listener;
  };

  Control(Settings& settings, Ledger& ledger, Madre& madre)
      : settings_(settings), ledger_(ledger), madre_(madre) {}

  /// Call before the loops run.
  void add(Target target) { targets_.push_back(std::move(target)); }

  void answer(const Request& request, Reply& reply) override;

 private:
  void health(const Request& request, Reply& reply);
  void fault(const Request& request, Reply& reply);
  void faults(const Request& request, Reply& reply);
  void heal(const Request& request, Reply& reply);
  void reset(const Request& request, Reply& reply);
  void restart(const Request& request, Reply& reply);
  void set(const Request& request, Reply& reply);
  void last(const Request& request, Reply& reply);
  Target& target_named(std::string_view name);

  Settings& settings_;
  Ledger& ledger_;
  Madre& madre_;
  std::vector<Target> targets_;
};

}  // namespace upstream
