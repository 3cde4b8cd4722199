#include "gateway/telemetry/status_transport.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

/// Passes requests on; a coroutine of its own would keep nothing that the inner one does not.
class StatusTransport final : public vx11::Transport {
 public:
  StatusTransport(std::shared_ptr<vx11::Transport> inner, std::shared_ptr<Wakeups> wakeups)
      : inner_(std::move(inner)), wakeups_(std::move(wakeups)) {}

  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest& request,
                                                    vx11::Deadline deadline) override {
    if (may_wake(request)) wakeups_->fetch_add(1, std::memory_order_relaxed);
    return inner_->send(request, std::move(deadline));
  }

 private:
  std::shared_ptr<vx11::Transport> inner_;
  std::shared_ptr<Wakeups> wakeups_;
};

}  // namespace

bool may_wake(const vx11::HttpRequest& request) noexcept {
  constexpr std::array<std::string_view, 3> kReadings = {
      "/madre/power/state", "/madre/power/status", "/madre/power/policy/solo_madre/status"};
  if (request.method != "GET") return true;
  return std::find(kReadings.begin(), kReadings.end(), request.target) == kReadings.end();
}

std::shared_ptr<vx11::Transport> make_status_transport(std::shared_ptr<vx11::Transport> inner,
                                                       std::shared_ptr<Wakeups> wakeups) {
  return std::make_shared<StatusTransport>(std::move(inner), std::move(wakeups));
}

vx11::MetricFamily wakeup_metrics(std::shared_ptr<const Wakeups> wakeups) {
  return {.name = "vx11_status_wakeups_total",
          .help =
              "Requests of status probes that may have woken a service: all but readings of "
              "the power state.",
          .series = {{.value = [wakeups = std::move(wakeups)] {
            return wakeups->load(std::memory_order_relaxed);
          }}}};
}

}  // namespace gateway
