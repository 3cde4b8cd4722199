#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "site.hpp"

namespace upstream {

/// INEE as hormiguero serves it: colonies, and accounts of rewards. Thread-safe.
class Hormiguero final : public Service {
 public:
  void answer(const Request& request, Reply& reply) override;

 private:
  using Json = nlohmann::json;

  void health(const Request& request, Reply& reply);
  void status(const Request& request, Reply& reply);
  void register_colony(const Request& request, Reply& reply);
  void colony_message(const Request& request, Reply& reply);
  void build(const Request& request, Reply& reply);
  void rewards_status(const Request& request, Reply& reply);
  void transaction(const Request& request, Reply& reply);
  void account(std::string_view id, Reply& reply);

  std::mutex mutex_;
  std::set<std::string, std::less<>> colonies_;
  std::map<std::string, double, std::less<>> accounts_;
  int jobs_ = 0;
};

}  // namespace upstream
