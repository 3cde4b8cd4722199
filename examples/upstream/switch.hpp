#pragma once

#include <atomic>
#include <string_view>

#include "settings.hpp"
#include "site.hpp"

namespace upstream {

/// The AI router: answers a prompt with one JSON object or an event stream.
class Switch final : public Service {
 public:
  explicit Switch(const Settings& settings) : settings_(settings) {}

  void answer(const Request& request, Reply& reply) override;

 private:
  void health(const Request& request, Reply& reply);
  void route(const Request& request, Reply& reply);
  void task(const Request& request, Reply& reply);
  void append_answer(std::string& out, std::string_view text) const;
  void stream(std::string_view text, Reply& reply) const;

  const Settings& settings_;
  std::atomic<int> tasks_{0};
};

}  // namespace upstream
