// Many concurrent clients, and the latency of one well-behaved client among them. Prints one line
// of figures; benchmarks/crowd.sh runs it and makes the tables.

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "crowd_client.hpp"

namespace crowd {

namespace {

using namespace std::chrono_literals;

struct Options {
  Target target = {};
  std::string address = "127.0.0.1:8000";
  int count = 0;
  int pid = 0;         ///< Of the gateway, to read its memory use.
  int chats = 300;     ///< Of the well-behaved client.
  int repeat = 1;      ///< Streams per streaming client, sequentially.
  int events = 0;      ///< Expected per stream.
  int stagger_ms = 0;  ///< The interval over which the first streams start.
  /// Socket buffer of a slow client's connection; small, so that it is full soon.
  int buffer = 16 * 1024;
  std::string kind = {};  ///< Of the slow clients.
};

double micros(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

/// Durations in microseconds, and their statistics.
class Times {
 public:
  void add(Clock::duration time) { all_.push_back(micros(time)); }
  std::string summary(const std::string& name) {
    std::sort(all_.begin(), all_.end());
    return fmt::format("{0}_p50={1:.0f} {0}_p99={2:.0f} {0}_max={3:.0f}", name, at(0.50), at(0.99),
                       at(1.0));
  }

 private:
  double at(double share) const {
    if (all_.empty()) return -1;
    const auto last = static_cast<double>(all_.size() - 1);
    return all_[static_cast<std::size_t>(share * last)];
  }
  std::vector<double> all_ = {};
};

struct Figures {
  Times answers = {};
  Times gaps = {};  ///< Between two arrivals of one stream.
  int errors = 0;

  /// Prints the first failure, for diagnosis.
  void fail(const std::exception& error) {
    if (errors++ == 0) std::cerr << error.what() << '\n';
  }
};

awaitable<void> pause(Clock::duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

/// One chat over a connection of its own, from the connect to the answer.
awaitable<void> chat(const Options& options, Figures& figures) {
  const auto start = Clock::now();
  try {
    Connection connection(co_await asio::this_coro::executor);
    co_await connection.open(options.target.endpoint);
    co_await connection.send(options.target.chat());
    const int status = co_await connection.read_answer();
    if (status != 200) ++figures.errors;
    figures.answers.add(Clock::now() - start);
  } catch (const std::exception& error) {
    figures.fail(error);
  }
}

awaitable<void> good_client(const Options& options, Figures& figures) {
  for (int i = 0; i < options.chats; ++i) co_await chat(options, figures);
}

// --- idle connections ----------------------------------------------------------------------------

long resident_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  throw std::runtime_error("no such process: " + std::to_string(pid));
}

awaitable<void> idle_crowd(const Options& options) {
  Figures figures;
  Options warm = options;
  warm.chats = 1000;
  co_await good_client(warm, figures);
  figures = {};
  const long before = resident_kib(options.pid);
  std::vector<std::unique_ptr<Connection>> crowd;
  for (int i = 0; i < options.count; ++i) {
    crowd.push_back(std::make_unique<Connection>(co_await asio::this_coro::executor));
    co_await crowd.back()->open(options.target.endpoint);
    co_await crowd.back()->send(options.target.get("/livez"));
    const int status = co_await crowd.back()->read_answer();
    if (status != 200) ++figures.errors;
  }
  const long after = resident_kib(options.pid);
  co_await good_client(options, figures);
  fmt::print("bytes_each={:.0f} rss_kib={} {} errors={}\n",
             1024.0 * static_cast<double>(after - before) / options.count, after,
             figures.answers.summary("chat"), figures.errors);
}

// --- concurrent chats ----------------------------------------------------------------------------

void all_at_once(asio::io_context& io, const Options& options, Figures& figures) {
  for (int i = 0; i < options.count; ++i) {
    asio::co_spawn(io, chat(options, figures), asio::detached);
  }
  io.run();
}

// --- event streams -------------------------------------------------------------------------------

int occurrences(const std::string& text, std::string_view what) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) {
    ++count;
  }
  return count;
}

/// One stream over an open connection: time from the request to the first event, then the gaps.
awaitable<void> stream(Connection& connection, const Options& options, Figures& figures) {
  auto last = Clock::now();
  co_await connection.send(options.target.stream());
  const int status = co_await connection.read_head();
  if (status != 200 || !connection.is_chunked())
    throw std::runtime_error(fmt::format("no stream but {}", status));
  while (connection.text().empty()) co_await connection.read_some();
  figures.answers.add(Clock::now() - last);
  last = Clock::now();
  while (!connection.text().ends_with("\r\n0\r\n\r\n")) {
    co_await connection.read_some();
    figures.gaps.add(Clock::now() - last);
    last = Clock::now();
  }
  const bool whole = occurrences(connection.text(), "event: message\n") == options.events &&
                     occurrences(connection.text(), "event: done\n") == 1;
  if (!whole) ++figures.errors;
}

awaitable<void> streams_in_turn(const Options& options, Clock::duration delay, Figures& figures) {
  try {
    co_await pause(delay);
    for (int i = 0; i < options.repeat; ++i) {
      Connection connection(co_await asio::this_coro::executor);
      co_await connection.open(options.target.endpoint);
      co_await stream(connection, options, figures);
    }
  } catch (const std::exception& error) {
    figures.fail(error);
  }
}

void stream_crowd(asio::io_context& io, const Options& options, Figures& figures) {
  for (int i = 0; i < options.count; ++i) {
    const auto delay = i * std::chrono::microseconds(1000 * options.stagger_ms) / options.count;
    asio::co_spawn(io, streams_in_turn(options, delay, figures), asio::detached);
  }
  io.run();
}

// --- slow clients --------------------------------------------------------------------------------

/// One connection of a slow client, until the server closes it. `sent` counts the requests sent by
/// clients that do not read.
awaitable<void> take_time(const Options& options, long& sent) {
  Connection connection(co_await asio::this_coro::executor);
  const Target& target = options.target;
  co_await connection.open(target.endpoint, options.buffer);
  if (options.kind == "header") co_await connection.send("GET /livez HTTP/1.1\r\nX: ");
  if (options.kind == "body") {
    const std::string whole = target.post(std::string(100'000, ' '), "*/*");
    co_await connection.send(whole.substr(0, whole.find("\r\n\r\n") + 4));
  }
  if (options.kind == "idle") {
    co_await connection.send(target.get("/livez"));
    co_await connection.read_answer();
  }
  const bool dribbles = options.kind == "header" || options.kind == "body";
  while (dribbles) {
    co_await connection.send("x");
    co_await pause(100ms);
  }
  // Requests long responses without reading them, until all buffers are full.
  const std::string much =
      target.post(R"({"message":")" + std::string(60'000, 'x') + R"("})", "application/json");
  while (options.kind == "reader") {
    co_await connection.send(much);
    ++sent;
  }
  co_await connection.read_some();  // silent or idle: only the server can close it
}

awaitable<void> slow_client(const Options& options, long& sent) {
  for (;;) {
    try {
      co_await take_time(options, sent);
    } catch (const boost::system::system_error&) {
      // Closed by the server; connects again.
    }
    co_await pause(10ms);
  }
}

awaitable<void> among_slow_clients(const Options& options) {
  Figures figures;
  long sent = 0;
  for (int i = 0; i < options.count; ++i) {
    asio::co_spawn(co_await asio::this_coro::executor, slow_client(options, sent), asio::detached);
  }
  co_await pause(1s);
  // Clients that do not read are slow only once all buffers are full; until then they are a flood.
  for (long before = -1; before != sent;) {
    before = sent;
    co_await pause(500ms);
  }
  co_await good_client(options, figures);
  fmt::print("{} errors={}\n", figures.answers.summary("chat"), figures.errors);
}

// --- the program ---------------------------------------------------------------------------------

int run(int argc, char** argv) {
  Options options;
  options.target.path = "/operator/chat/ask";
  options.target.token = "benchmark-token";
  options.target.body = R"({"message":"How are you today?"})";
  CLI::App app{"Many clients at once, and how one good client fares among them."};
  app.add_option("--address", options.address, "HOST:PORT of the gateway")->required();
  app.add_option("--count", options.count, "how many clients")->required();
  app.add_option("--chats", options.chats, "chats of the good client")->capture_default_str();
  app.add_option("--path", options.target.path, "where chats go")->capture_default_str();
  app.add_option("--body", options.target.body, "what is said")->capture_default_str();
  app.add_option("--token", options.target.token, "who is asking")->capture_default_str();
  app.require_subcommand(1);
  auto* idle = app.add_subcommand("idle", "idle connections");
  idle->add_option("--pid", options.pid, "process of the gateway")->required();
  auto* chats = app.add_subcommand("chats", "chats at once");
  auto* streams = app.add_subcommand("streams", "event streams at once");
  streams->add_option("--events", options.events, "that each has to have")->required();
  streams->add_option("--repeat", options.repeat, "streams of each, in turn");
  streams->add_option("--stagger-ms", options.stagger_ms, "over which the first ones begin");
  auto* slow = app.add_subcommand("slow", "clients who take their time");
  slow->add_option("--buffer", options.buffer, "bytes the system keeps for each; 0: as it likes")
      ->capture_default_str();
  slow->add_option("kind", options.kind)
      ->required()
      ->check(CLI::IsMember({"header", "body", "reader", "silent", "idle"}));
  CLI11_PARSE(app, argc, argv);
  const std::size_t colon = options.address.rfind(':');
  options.target.endpoint =
      Tcp::endpoint(asio::ip::make_address(options.address.substr(0, colon)),
                    static_cast<unsigned short>(std::stoul(options.address.substr(colon + 1))));

  asio::io_context io(1);
  Figures figures;
  if (idle->parsed()) run_until(io, idle_crowd(options));
  if (slow->parsed()) run_until(io, among_slow_clients(options));
  if (chats->parsed()) {
    all_at_once(io, options, figures);
    fmt::print("{} errors={}\n", figures.answers.summary("chat"), figures.errors);
  }
  if (streams->parsed()) {
    stream_crowd(io, options, figures);
    fmt::print("{} {} errors={}\n", figures.answers.summary("first"), figures.gaps.summary("gap"),
               figures.errors);
  }
  return 0;
}

}  // namespace

}  // namespace crowd

int main(int argc, char** argv) {
  return crowd::run_or_explain(crowd::run, argc, argv);
}
