#include "running_backend.hpp"

#include <chrono>
#include <future>
#include <system_error>

#include "backend_handler.hpp"
#include "log.hpp"
#include "login_notes.hpp"

namespace backend {

using vx11::Result;

Result<std::unique_ptr<RunningBackend>> RunningBackend::make(const gateway::GatewayConfig& config) {
  std::unique_ptr<RunningBackend> backend(new RunningBackend(config));
  if (auto made = backend->make_all(); !made) return vx11::fail(std::move(made.error()));
  return backend;
}

/// The server waits for nothing: its requests end before what they use.
RunningBackend::~RunningBackend() {
  if (front_ != nullptr) front_->drain({});
  handler_.reset();
  if (tending_.valid()) tending_.wait();
  parts_.reset();
  front_.reset();
}

Result<void> RunningBackend::make_all() {
  auto logs = gateway::RequestLogs::open(config_.log);
  if (!logs) return vx11::fail(std::move(logs.error()));
  logs_ = *std::move(logs);
  auto front = gateway::bind_front(config_);
  if (!front) return vx11::fail(std::move(front.error()));
  front_ = *std::move(front);
  auto parts = make_backend_parts(config_.backend);
  if (!parts) return vx11::fail(std::move(parts.error()));
  parts_ = *std::move(parts);
  auto handler = make_backend_handler(config_, *parts_, *front_, logs_);
  if (!handler) return vx11::fail(std::move(handler.error()));
  handler_ = *std::move(handler);
  return {};
}

Result<void> RunningBackend::start() {
  auto started = front_->start(*handler_);
  if (!started) return started;
  parts_->bridge->start();
  if (parts_->watcher != nullptr) parts_->watcher->start();
  return started;
}

void RunningBackend::tend() {
  if (front_->tls().watched != nullptr) front_->tls().watched->refresh();
  gateway::process_log().note_left_out();
  parts_->files->tend();
  const vx11::TimePoint now = vx11::SteadyClock().now();
  if (now < next_expiry_) return;
  next_expiry_ = now + std::chrono::seconds(10);
  tend_database();
}

/// On a thread of its own, since a disk may stall and signals have to be heard meanwhile.
void RunningBackend::tend_database() {
  using std::chrono::seconds;
  if (tending_.valid() && tending_.wait_for(seconds(0)) != std::future_status::ready) return;
  const auto work = [parts = parts_.get()] {
    const AdmissionParts& admission = parts->admission;
    auto expiring = expire_logins(admission.logins, admission.audit, admission.events);
    (void)vx11::sync_wait(std::move(expiring));
    if (parts->database->stores()) return;
    auto probing = parts->database->probe();
    (void)vx11::sync_wait(std::move(probing));
  };
  try {
    tending_ = std::async(std::launch::async, work);
  } catch (const std::system_error&) {  // no thread can be started: it is tried again
  }
}

void RunningBackend::reopen_logs() const {
  logs_->reopen();
}

void RunningBackend::begin_to_drain() {
  handler_->drain();
}

std::size_t RunningBackend::drain(vx11::Duration delay) {
  parts_->feed->end();
  return front_->drain(config_.server.shutdown_grace, delay);
}

}  // namespace backend
