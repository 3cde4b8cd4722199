#pragma once

/// \file
/// A real redis-server for tests.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
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

/// Arguments of a server in cluster mode. The bus gets a free port: its default, the server's plus
/// 10,000, may be taken or above the highest. It is the second argument.
inline std::vector<std::string> in_a_cluster(std::vector<std::string> more = {}) {
  const std::string bus = std::to_string(fake_http_server::LocalSocket().port());
  more.insert(more.begin(), {"--cluster-port", bus, "--cluster-enabled", "yes"});
  return more;
}

/// A redis-server of its own, on a free port, with a directory of its own; ends with this object.
class RedisServer {
 public:
  /// \param config written into a file that the server may rewrite, as a Sentinel does; empty: none
  explicit RedisServer(std::vector<std::string> extra = {}, const std::string& config = {}) {
    if (!config.empty()) std::ofstream(config_file()) << config;
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
  /// Freezes it: the system still accepts connections for it and takes bytes.
  void freeze() const { ::kill(process_, SIGSTOP); }
  void thaw() const { ::kill(process_, SIGCONT); }
  /// Starts it again on its port, with other arguments behind those that it always has.
  void start_again(const std::vector<std::string>& extra = {}) {
    stop();
    for (int attempt = 0; attempt < 5 && !is_up(); ++attempt) start_on(port_, extra);
    if (!is_up()) throw std::runtime_error("redis-server does not start again");
  }
  /// Sends a command in one line and returns the first line of its reply. With an error that
  /// closes the connection: nothing.
  std::string say(const std::string& line) const {
    const fake_http_server::LocalSocket client;
    if (!client.connect_to(port_)) return {};
    client.send(line + "\r\n");
    std::string reply;
    char byte = 0;
    while (::recv(client.fd(), &byte, 1, 0) == 1 && byte != '\r') reply += byte;
    return reply;
  }

 private:
  bool is_up() const noexcept { return process_ > 0; }
  std::string config_file() const { return (folder_.path() / "redis.conf").string(); }
  std::string socket_file() const { return (folder_.path() / "redis.sock").string(); }

  /// Another process may take the port in between; then the server exits and is started again.
  void start(const std::vector<std::string>& extra) {
    const int free_port = fake_http_server::LocalSocket().port();
    start_on(static_cast<std::uint16_t>(free_port), extra);
  }
  void start_on(std::uint16_t port, const std::vector<std::string>& extra) {
    port_ = port;
    std::vector<std::string> words = {"redis-server"};
    if (std::filesystem::exists(config_file())) words.push_back(config_file());
    for (const std::string& word :
         {std::string("--port"), std::to_string(port_), std::string("--bind"),
          std::string("127.0.0.1"), std::string("--dir"), folder_.path().string(),
          std::string("--save"), std::string(), std::string("--appendonly"), std::string("no"),
          std::string("--unixsocket"), socket_file()}) {
      words.push_back(word);
    }
    words.insert(words.end(), extra.begin(), extra.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::filesystem::remove(socket_file());
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

  /// Until it answers: one whose cluster bus finds no port listens before it exits. What answers on
  /// the port is another process until it has made its own socket, which it does once it listens.
  void wait_until_it_listens() {
    while (::waitpid(process_, nullptr, WNOHANG) == 0) {
      if (std::filesystem::exists(socket_file()) && !say("PING").empty()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process_ = -1;
  }

  ScratchFolder folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};
