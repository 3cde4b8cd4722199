// Where a server listens beside TCP: Unix-domain sockets, and the socket that systemd passes.
#include <vx11/http_routes.hpp>
#include <vx11/net/socket_activation.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_served.hpp"
#include "scratch_folder.hpp"

using namespace net_served;
using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_mode : mode_t{0};
}

vx11::Error bind_error(const std::string& listen) {
  auto bound = HttpServer::bind({.listen = listen});
  REQUIRE_FALSE(bound);
  return bound.error();
}

/// A server at a socket in a folder of its own, which says who asks.
struct UnixServed : Served {
  ScratchFolder folder;
  std::string path = folder / "gateway.sock";
  vx11::HttpRoutes routes;
  std::shared_ptr<vx11::HttpHandler> handler;

  UnixServed() {
    serve.listen = "unix:" + path;
    routes.get("/who", [](const HttpRequest& request) {
      return HttpResponse(200, "text/plain", "<" + request.peer->address + ">");
    });
    handler = routes.build().value();
  }
  void start() { Served::start(*handler); }
  Answer get(RawHttpClient& client) {
    client.send(getting("/who"));
    return client.read_answer();
  }
  void end() {
    server->stop(0s);
    running->wait();
  }
};

/// A socket that is bound and does not listen. Its file stays behind when it is closed, as that of
/// a server that was killed.
vx11::socket_detail::Fd bound_socket(const std::string& path, int type = SOCK_STREAM) {
  vx11::socket_detail::Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

/// Descriptor 3 and the variables as systemd passes them; everything is as before at the end.
class Passed {
 public:
  explicit Passed(int socket, const std::string& count = "1", pid_t process = ::getpid())
      : before_(::fcntl(kFirst, F_DUPFD_CLOEXEC, 10)) {
    ::dup2(socket, kFirst);
    ::setenv("LISTEN_PID", std::to_string(process).c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", "gateway.socket", 1);
  }
  Passed(const Passed&) = delete;
  Passed& operator=(const Passed&) = delete;
  ~Passed() {
    before_ >= 0 ? ::dup2(before_, kFirst) : ::close(kFirst);
    if (before_ >= 0) ::close(before_);
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }

 private:
  static constexpr int kFirst = 3;
  int before_;
};

/// What a .socket unit would hold.
vx11::socket_detail::Fd listening_socket(int& port) {
  auto address = *vx11::socket_detail::Address::parse("127.0.0.1", 0);
  vx11::socket_detail::Fd socket = vx11::socket_detail::listen_tcp(address, 64);
  port = address.port();
  return socket;
}

}  // namespace

TEST_CASE_FIXTURE(UnixServed, "a Unix-domain socket is served, and its clients have no address") {
  start();
  CHECK(server->url() == serve.listen);
  CHECK(server->port() == 0);
  RawHttpClient client(path);
  CHECK(get(client).body == "<>");
  CHECK(get(client).body == "<>");
}

TEST_CASE_FIXTURE(UnixServed,
                  "its file has the permissions of the options, and is removed at stop") {
  serve.socket_mode = 0600;
  start();
  CHECK(mode_of(path) == (S_IFSOCK | 0600U));
  end();
  CHECK(mode_of(path) == 0);
}

TEST_CASE("user and group may connect to a Unix-domain socket by default") {
  const ScratchFolder folder;
  const auto bound = HttpServer::bind({.listen = "unix:" + (folder / "s")});
  REQUIRE(bound);
  CHECK(mode_of(folder / "s") == (S_IFSOCK | 0660U));
}

TEST_CASE_FIXTURE(UnixServed, "the socket of a server that has ended is replaced") {
  bound_socket(path).close();
  start();
  RawHttpClient client(path);
  CHECK(get(client).status == 200);
}

TEST_CASE_FIXTURE(UnixServed, "one of a server that listens is not, and the error says so") {
  start();
  const vx11::Error error = bind_error(serve.listen);
  CHECK(error.code == Errc::address_unavailable);
  CHECK(error.detail == "cannot listen on " + serve.listen +
                            ": another server listens there; stop it or take another path");
  RawHttpClient client(path);
  CHECK(get(client).status == 200);
}

TEST_CASE("a file that is no listening socket is never replaced") {
  const ScratchFolder folder;
  const std::string text = folder.write("notes", "mine");
  CHECK(bind_error("unix:" + text).detail ==
        "cannot listen on unix:" + text +
            ": a file that is no socket is there; delete it or take another path");
  std::filesystem::create_symlink(text, folder / "link");
  CHECK(bind_error("unix:" + (folder / "link")).code == Errc::address_unavailable);
  CHECK(std::filesystem::is_symlink(folder / "link"));
  const auto receiver = bound_socket(folder / "log", SOCK_DGRAM);
  CHECK(bind_error("unix:" + (folder / "log")).code == Errc::address_unavailable);
  CHECK(mode_of(folder / "log") != 0);
}

TEST_CASE_FIXTURE(UnixServed, "a file that has taken the place of the socket stays") {
  start();
  std::filesystem::remove(path);
  folder.write("gateway.sock", "mine");
  end();
  CHECK(std::filesystem::is_regular_file(path));
}

TEST_CASE("a path that is too long, absent or in no folder is refused with the reason") {
  const std::string longest = "/tmp/" + std::string(102, 'x');
  const auto bound = HttpServer::bind({.listen = "unix:" + longest});
  CHECK(bound);
  const vx11::Error error = bind_error("unix:" + longest + "x");
  CHECK(error.code == Errc::invalid_argument);
  CHECK(error.detail.ends_with("the path has 108 bytes; the system allows 107"));
  CHECK(bind_error("unix:").code == Errc::invalid_argument);
  CHECK(bind_error("unix:/nonexistent/s").detail.ends_with("No such file or directory"));
}

TEST_CASE_FIXTURE(UnixServed, "the limit per address does not count clients without one") {
  serve.limits.connections_per_address = 1;
  start();
  RawHttpClient first(path);
  RawHttpClient second(path);
  CHECK(get(first).status == 200);
  CHECK(get(second).status == 200);
}

TEST_CASE_FIXTURE(UnixServed, "the total limit counts them") {
  serve.limits.connections = 1;
  start();
  RawHttpClient first(path);
  CHECK(get(first).status == 200);
  RawHttpClient second(path);
  CHECK(get(second).status == 503);
}

TEST_CASE_FIXTURE(UnixServed,
                  "the socket that systemd passed is served, and its variables removed") {
  int port = 0;
  const auto held = listening_socket(port);
  const Passed passed(held.get());
  CHECK(vx11::activated_address() == "127.0.0.1:" + std::to_string(port));
  serve.listen = "systemd:";
  RawHttpClient early(port);  // the system accepts it before there is a server
  start();
  CHECK(server->port() == port);
  CHECK(server->url() == "http://127.0.0.1:" + std::to_string(port));
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    CHECK(std::getenv(name) == nullptr);
  }
  CHECK(get(early).body == "<127.0.0.1>");
  end();
  RawHttpClient late(port);  // waits for the next server
}

TEST_CASE_FIXTURE(UnixServed, "a Unix-domain socket of systemd stays where it is at stop") {
  const std::string other = folder / "systemd.sock";
  const auto held = bound_socket(other);
  REQUIRE(::listen(held.get(), 8) == 0);
  const Passed passed(held.get());
  serve.listen = "systemd:";
  start();
  CHECK(server->url() == "unix:" + other);
  RawHttpClient client(other);
  CHECK(get(client).body == "<>");
  end();
  CHECK(mode_of(other) != 0);
}

TEST_CASE("without a socket that can be served the error says what systemd passed") {
  int port = 0;
  const auto held = listening_socket(port);
  const auto error = [] { return bind_error("systemd:").detail; };
  CHECK(error() ==
        "cannot listen on systemd: it passed no socket to this process (LISTEN_PID and LISTEN_FDS "
        "are not set); start it by a .socket unit or by systemd-socket-activate");
  {
    const Passed passed(held.get(), "1", 1);
    CHECK(error().find("its socket was passed to process 1 and this is") != std::string::npos);
  }
  {
    const Passed passed(held.get(), "2");
    CHECK(error().find("it passed 2 sockets (LISTEN_FDS) and one is served") != std::string::npos);
  }
  {
    const vx11::socket_detail::Fd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Passed passed(other.get());
    CHECK(error().find("descriptor 3 is no stream socket that listens") != std::string::npos);
    CHECK_FALSE(vx11::activated_address());
  }
}
