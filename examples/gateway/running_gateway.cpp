#include "gateway/running_gateway.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/api.hpp"
#include "gateway/config_settle.hpp"
#include "gateway/fixed_settings.hpp"
#include "gateway/log/log.hpp"
#include "gateway/process/signals.hpp"
#include "gateway/redis/shared_parts.hpp"

namespace gateway {

namespace {

ReloadResult refused(std::vector<std::string> mistakes) {
  log_event(LogEvent::config_refused, {{"mistakes", mistakes.size()}});
  for (const std::string& mistake : mistakes) {
    log_event(LogEvent::config_mistake, {{"mistake", mistake}});
  }
  return {.mistakes = std::move(mistakes)};
}

std::vector<std::string> texts_of(const std::vector<Mistake>& mistakes) {
  std::vector<std::string> texts;
  for (const Mistake& mistake : mistakes) texts.push_back(to_string(mistake));
  return texts;
}

void log_taken_over(const ReloadResult& result) {
  for (const std::string& warning : result.warnings) {
    log_event(LogEvent::config_warning, {{"warning", warning}});
  }
  for (const std::string& key : result.needs_restart) {
    log_event(LogEvent::config_needs_restart, {{"setting", key}});
  }
  log_event(LogEvent::config_reloaded);
}

/// Credentials and what is shared were checked for the listener and the Redis of the new
/// configuration, which are not in force.
std::vector<Mistake> mistakes_with_fixed(LoadedConfig next) {
  check_credentials(next, process_environment);
  settle_shared(next);
  return std::move(next.mistakes);
}

/// What a new configuration gives up.
void warn_of_loss(const GatewayConfig& running, const GatewayConfig& next,
                  std::vector<std::string>& warnings) {
  if (!running.auth.shared_revocations || next.auth.shared_revocations) return;
  warnings.emplace_back(
      "auth.shared_revocations: is off now; principals that were revoked are accepted again");
}

/// Keys of a URL are there before they replace those in force. Blocks for up to five seconds, in
/// which requests are answered; a signal to stop ends it.
/// \return empty, or why they are not
std::string mistake_of_keys(const KeyWatch& watch) {
  constexpr auto kLongest = std::chrono::seconds(5);
  if (watch.is_ready()) return {};
  const bool is_fetching = watch.keys->reload().has_value();
  const vx11::SteadyClock clock;
  const vx11::TimePoint until = clock.now() + kLongest;
  while (is_fetching && !watch.is_ready() && clock.now() < until) {
    if (Signals::stop_is_pending()) return "auth.jwt.jwks_url: the gateway stops";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (watch.is_ready()) return {};
  return "auth.jwt.jwks_url: no keys were fetched within 5 s; try again when the issuer answers";
}

}  // namespace

vx11::Result<std::unique_ptr<RunningGateway>> RunningGateway::make(LoadedConfig loaded,
                                                                   LoadConfig load,
                                                                   std::function<void()> wake) {
  std::unique_ptr<RunningGateway> gateway(
      new RunningGateway(std::move(loaded), std::move(load), std::move(wake)));
  if (auto made = gateway->make_parts(); !made) return vx11::fail(std::move(made.error()));
  return gateway;
}

RunningGateway::RunningGateway(LoadedConfig loaded, LoadConfig load, std::function<void()> wake)
    : loaded_(std::move(loaded)),
      load_(std::move(load)),
      log_level_(std::make_shared<LogLevelControl>(loaded_.config.log.level, set_level)),
      requests_(std::move(wake)) {}

/// The listener ends before the handler that it calls.
RunningGateway::~RunningGateway() {
  requests_.close();
  front_.reset();
}

vx11::Result<void> RunningGateway::make_parts() {
  auto front = gateway::bind_front(loaded_.config, state_.decisions);  // not std::bind_front
  if (!front) return vx11::fail(std::move(front.error()));
  front_ = *std::move(front);
  auto credentials = make_credentials(loaded_.config.auth);
  if (!credentials) return vx11::fail(std::move(credentials.error()));
  credentials_ = *std::move(credentials);
  state_.admin = admin_actions();
  auto api = make_api(loaded_.config, *front_, credentials_, state_);
  if (!api) return vx11::fail(std::move(api.error()));
  handler_ = std::make_unique<vx11::ReplaceableHandler>(retired_->watch(*std::move(api)));
  state_.tracing.come_into_force();
  state_.power.come_into_force();
  return {};
}

vx11::AdminActions RunningGateway::admin_actions() {
  return {
      .reload = [this](const vx11::HttpRequest& /*request*/) { return requests_.next(); },
      .set_log_level = [this](const vx11::HttpRequest& request) -> vx11::Task<vx11::HttpResponse> {
        return set_log_level(*log_level_, request.body);
      }};
}

vx11::Result<void> RunningGateway::start() {
  auto started = front_->start(*handler_);
  if (started) each_file(&WatchedFile::refresh);  // begins the first fetch of keys
  return started;
}

ReloadResult RunningGateway::reload() {
  try {
    LoadedConfig next = load_();
    if (!next.mistakes.empty()) return refused(texts_of(next.mistakes));
    return reload_from(std::move(next));
  } catch (const std::exception& error) {  // out of memory or threads
    return refused({error.what()});
  }
}

/// Those in force if nothing about them has changed: a cache of keys, for example, lasts.
vx11::Result<Credentials> RunningGateway::credentials_for(const AuthConfig& auth) const {
  if (auth == loaded_.config.auth) return credentials_;
  auto made = make_credentials(auth);
  if (!made) return made;
  if (std::string mistake = mistake_of_keys(made->keys); !mistake.empty()) {
    return vx11::fail(vx11::Errc::unavailable, std::move(mistake));
  }
  if (made->tokens.watched && credentials_.tokens.watched) {
    made->tokens.watched->continue_from(*credentials_.tokens.watched);
  }
  if (made->keys.watched && credentials_.keys.watched) {
    made->keys.watched->continue_from(*credentials_.keys.watched);
  }
  return made;
}

ReloadResult RunningGateway::reload_from(LoadedConfig next) {
  ReloadResult result{.warnings = next.warnings,
                      .needs_restart = keep_fixed(loaded_.config, next.config)};
  if (auto mistakes = mistakes_with_fixed(next); !mistakes.empty()) {
    return refused(texts_of(mistakes));
  }
  warn_of_loss(loaded_.config, next.config, result.warnings);
  auto credentials = credentials_for(next.config.auth);
  if (!credentials) return refused({credentials.error().detail});
  GatewayState state = state_.next();
  auto api = make_api(next.config, *front_, *credentials, state);
  if (!api) return refused({api.error().detail});
  handler_->replace(retired_->watch(*std::move(api)));
  state_ = std::move(state);
  state_.tracing.come_into_force();
  state_.power.come_into_force();
  credentials_ = *std::move(credentials);
  loaded_ = std::move(next);
  log_level_->configure(loaded_.config.log.level);
  each_file(&WatchedFile::reload);
  log_taken_over(result);
  return result;
}

void RunningGateway::answer_requests(const std::function<ReloadResult()>& read) {
  requests_.answer_all([&read] { return answer_of(read()); });
}

void RunningGateway::reopen_logs(const ReloadResult& reloaded) const {
  const bool is_done = reloaded.mistakes.empty();
  state_.requests.logs->note_action("reload", "SIGHUP", is_done ? "done" : "failed");
  state_.requests.logs->reopen();
}

template <class Read>
void RunningGateway::each_file(Read read) {
  const std::shared_ptr<WatchedFile> files[] = {credentials_.tokens.watched,
                                                credentials_.keys.watched, front_->tls().watched};
  for (const auto& file : files) {
    if (file == nullptr) continue;
    try {
      (*file.*read)();
    } catch (const std::exception& error) {  // out of memory: tried again
      log_event(LogEvent::file_failed, {{"reason", error.what()}});
    }
  }
}

void RunningGateway::tend() {
  each_file(&WatchedFile::refresh);
  if (log_level_->expire()) log_event(LogEvent::log_level_restored);
  note_evictions(state_.sessions, evicted_sessions_);
  process_log().note_left_out();
  state_.history->tend(*state_.objectives);
  state_.files->tend();
  state_.power.tend();
  retired_->clear();
}

void RunningGateway::begin_to_drain() {
  requests_.close();
  handler_->drain();
  state_.power.stop();
}

std::size_t RunningGateway::drain(Duration delay) {
  const std::size_t cut_off = front_->drain(loaded_.config.server.shutdown_grace, delay);
  state_.tracing.flush();
  state_.history->save(*state_.objectives);
  state_.power.save();
  return cut_off;
}

}  // namespace gateway
