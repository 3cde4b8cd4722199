#include "operator/running_backend.hpp"

#include <chrono>
#include <exception>
#include <future>
#include <system_error>

#include "gateway/log/log.hpp"
#include "operator/backend_handler.hpp"
#include "operator/logins/login_notes.hpp"
#include "operator/operator_program.hpp"

namespace backend {

using gateway::log_event;
using gateway::LogEvent;
using vx11::Result;

namespace {

bool refuse(const std::vector<std::string>& mistakes) {
  log_event(LogEvent::config_refused, {{"mistakes", mistakes.size()}});
  for (const std::string& mistake : mistakes) {
    log_event(LogEvent::config_mistake, {{"mistake", mistake}});
  }
  return false;
}

/// Of deleted transcripts, in pieces of a megabyte: more than the bound of all transcripts, and
/// what takes a second or two at the end of the program. The rest is done after the next start.
constexpr std::size_t kAllPieces = 1'000;
constexpr std::size_t kLastPieces = 100;

void forget_words(const BackendParts& parts, std::size_t pieces) {
  auto forgetting = parts.transcripts->forget_words(pieces);
  (void)vx11::sync_wait(std::move(forgetting));  // what fails is due again
}

std::vector<std::string> texts_of(const std::vector<gateway::Mistake>& mistakes) {
  std::vector<std::string> texts;
  for (const gateway::Mistake& mistake : mistakes) texts.push_back(to_string(mistake));
  return texts;
}

}  // namespace

Result<std::unique_ptr<RunningBackend>> RunningBackend::make(gateway::GatewayConfig config) {
  std::unique_ptr<RunningBackend> backend(new RunningBackend(std::move(config)));
  if (auto made = backend->make_all(); !made) return vx11::fail(std::move(made.error()));
  return backend;
}

/// The server waits for nothing: its requests end before what they use.
RunningBackend::~RunningBackend() {
  if (front_ != nullptr) front_->drain({});
  handler_.reset();
  retired_->clear();
  if (tending_.valid()) tending_.wait();
  if (parts_ != nullptr) forget_words(*parts_, kLastPieces);
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
  handler_ = std::make_unique<vx11::ReplaceableHandler>(retiring(*std::move(handler)));
  return {};
}

Result<void> RunningBackend::start() {
  auto started = front_->start(*handler_);
  if (!started) return started;
  parts_->bridge->start();
  if (parts_->watcher != nullptr) parts_->watcher->start();
  return started;
}

bool RunningBackend::reload(const std::function<gateway::LoadedConfig()>& load) {
  try {
    return reload_from(load());
  } catch (const std::exception& error) {  // out of memory or threads
    return refuse({error.what()});
  }
}

bool RunningBackend::reload_from(gateway::LoadedConfig next) {
  if (!next.mistakes.empty()) return refuse(texts_of(next.mistakes));
  const std::vector<std::string> fixed = keep_fixed(config_, next.config);
  if (const auto taken = take_over(next.config); !taken) return refuse({taken.error().detail});
  for (const std::string& warning : next.warnings) {
    log_event(LogEvent::config_warning, {{"warning", warning}});
  }
  for (const std::string& key : fixed)
    log_event(LogEvent::config_needs_restart, {{"setting", key}});
  log_event(LogEvent::config_reloaded);
  return true;
}

/// What can fail comes first, and changes nothing.
Result<void> RunningBackend::take_over(const gateway::GatewayConfig& next) {
  auto link = next_link(config_.backend.gateway, next.backend.gateway);
  if (!link) return vx11::fail(std::move(link.error()));
  auto handler = make_backend_handler(next, *parts_, *front_, logs_);
  if (!handler) return vx11::fail(std::move(handler.error()));
  reconfigure(*parts_, config_.backend, next.backend, retiring(*std::move(link)));
  handler_->replace(retiring(*std::move(handler)));
  config_ = next;
  gateway::set_level(config_.log.level);
  if (front_->tls().watched != nullptr) front_->tls().watched->reload();
  return {};
}

void RunningBackend::tend() {
  retired_->clear();
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
    forget_words(*parts, kAllPieces);
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
