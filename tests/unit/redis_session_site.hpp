#pragma once

/// \file
/// A redis-server whose time of day is a test's, and stores on it.

#include <vx11/redis.hpp>
#include <vx11/store/redis.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "redis/client.hpp"
#include "redis_server.hpp"
#include "scratch_folder.hpp"

/// The file that set_clock.c reads.
class ServerClock {
 public:
  ServerClock() : path_((folder_.path() / "clock").string()) {
    std::ofstream(path_) << std::string(sizeof(std::int64_t), '\0');
    const int file = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    now_ = static_cast<std::int64_t*>(
        ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    ::close(file);
  }
  void set(vx11::WallTime now) const {
    std::atomic_ref(*now_).store(now.time_since_epoch().count() * 1000);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  ScratchFolder folder_;
  std::string path_;
  std::int64_t* now_ = nullptr;
};

/// A server with such a clock, and a client of it.
class RedisSessionSite {
 public:
  explicit RedisSessionSite(std::vector<std::string> extra = {})
      : server_(preloaded(clock_, extra)) {
    auto made = vx11::make_redis_client({.url = server_->url()});
    REQUIRE_MESSAGE(made, made.error().detail);
    client = *std::move(made);
  }

  RedisServer& server() { return *server_; }
  const ServerClock& clock() const { return clock_; }

  /// The reply to a command with the key as its second word.
  vx11::redis::RedisResult<vx11::redis::Reply> run(const std::vector<std::string>& words) const {
    vx11::redis::Command command(words.front());
    for (std::size_t i = 1; i < words.size(); ++i) command.add(words[i]);
    return vx11::sync_wait(vx11::redis::run(*client, words.size() > 1 ? words[1] : std::string(),
                                            std::move(command), vx11::Deadline()));
  }
  std::int64_t number(const std::vector<std::string>& words) const {
    const auto reply = run(words);
    REQUIRE_MESSAGE(reply, reply.error().detail);
    return reply->integer();
  }
  std::string text(const std::vector<std::string>& words) const {
    auto reply = run(words);
    REQUIRE_MESSAGE(reply, reply.error().detail);
    return reply->take_text();
  }
  std::shared_ptr<vx11::SessionStore> store(vx11::RedisSessionStoreOptions options = {}) const {
    auto made = vx11::make_redis_session_store(client, std::move(options));
    REQUIRE_MESSAGE(made, made.error().detail);
    return *std::move(made);
  }

  std::shared_ptr<vx11::RedisClient> client = {};

 private:
  static std::unique_ptr<RedisServer> preloaded(const ServerClock& clock,
                                                const std::vector<std::string>& extra) {
    ::setenv("LD_PRELOAD", VX11_SET_CLOCK, 1);
    ::setenv("VX11_TEST_CLOCK", clock.path().c_str(), 1);
    auto server = std::make_unique<RedisServer>(extra);
    ::unsetenv("LD_PRELOAD");
    return server;
  }

  ServerClock clock_;
  std::unique_ptr<RedisServer> server_;
};

/// A store that sets the server's clock to that of the test before each operation.
class FollowingStore final : public vx11::SessionStore {
 public:
  FollowingStore(std::shared_ptr<vx11::SessionStore> store, const ServerClock& server,
                 const vx11::testing::ManualClock& clock)
      : store_(std::move(store)), server_(server), clock_(clock) {}

  vx11::Task<vx11::Result<std::vector<vx11::Message>>> recent(std::string id,
                                                              std::size_t count) override {
    return timed().recent(std::move(id), count);
  }
  vx11::Task<vx11::Result<std::optional<vx11::Session>>> find(std::string id) override {
    return timed().find(std::move(id));
  }
  vx11::Task<vx11::Result<std::string>> summary(std::string id,
                                                std::string_view question) override {
    return timed().summary(std::move(id), question);
  }
  vx11::Task<vx11::Result<void>> append(std::string id, std::string user_id,
                                        vx11::Turn turn) override {
    return timed().append(std::move(id), std::move(user_id), std::move(turn));
  }
  vx11::Task<vx11::Result<bool>> erase(std::string id) override {
    return timed().erase(std::move(id));
  }

 private:
  vx11::SessionStore& timed() {
    server_.set(clock_.wall_now());
    return *store_;
  }

  std::shared_ptr<vx11::SessionStore> store_;
  const ServerClock& server_;
  const vx11::testing::ManualClock& clock_;
};
