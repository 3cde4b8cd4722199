#pragma once

/// \file
/// A real redis-server for tests.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_http_server.hpp"
#include "scratch_folder.hpp"

/// A redis-server of its own, on a free port, with a directory of its own; ends with this object.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> extra = {}) {
    for (int attempt = 0; attempt < 5 && !is_up(); ++attempt) start(extra);
    if (!is_up()) throw std::runtime_error("redis-server does not start");
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { stop(); }

  std::uint16_t port() const noexcept { return port_; }
  /// Its working directory.
  const std::filesystem::path& folder() const noexcept { return folder_.path(); }
  /// `redis://` plus the credentials, the address, and the rest.
  std::string url(const std::string& credentials = "", const std::string& rest = "") const {
    return "redis://" + credentials + "127.0.0.1:" + std::to_string(port_) + rest;
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

 private:
  bool is_up() const noexcept { return process_ > 0; }

  /// Another process may take the port in between; then the server exits and is started again.
  void start(const std::vector<std::string>& extra) {
    port_ = static_cast<std::uint16_t>(fake_http_server::LocalSocket().port());
    std::vector<std::string> words = {"redis-server",
                                      "--port",
                                      std::to_string(port_),
                                      "--bind",
                                      "127.0.0.1",
                                      "--dir",
                                      folder_.path().string(),
                                      "--save",
                                      "",
                                      "--appendonly",
                                      "no"};
    words.insert(words.end(), extra.begin(), extra.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) become(arguments.data());
    wait_until_it_listens();
  }

  [[noreturn]] static void become(char** arguments) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execvp(arguments[0], arguments);
    ::_exit(127);
  }

  void wait_until_it_listens() {
    while (::waitpid(process_, nullptr, WNOHANG) == 0) {
      if (fake_http_server::LocalSocket().connect_to(port_)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process_ = -1;
  }

  ScratchFolder folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};
