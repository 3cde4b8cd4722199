#include <vx11/net/server.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "net_served.hpp"

using namespace net_served;

TEST_CASE("an address that is none is refused, and so is one that is taken") {
  for (const std::string listen : {"", "8000", "example.org:80", "127.0.0.1:", "127.0.0.1:65536",
                                   "127.0.0.1:8x", "[::1:80", "1.2.3:80:90"}) {
    CAPTURE(listen);
    const auto bound = HttpServer::bind({.listen = listen});
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().code == Errc::invalid_argument);
  }
  const auto first = HttpServer::bind({.listen = "localhost:0"});
  REQUIRE(first.has_value());
  CHECK(first->url() == "http://127.0.0.1:" + std::to_string(first->port()));
  const auto second = HttpServer::bind({.listen = "127.0.0.1:" + std::to_string(first->port())});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::address_unavailable);
}

TEST_CASE_FIXTURE(Served, "a chat is answered and stored") {
  const Answer answer = ask(asking(kHello));
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body).at("response") == "from switch");
  CHECK(RawHttpClient::has(answer.head, "\r\ndate: "));
  CHECK(json::parse(ask(getting("/operator/session/s-1")).body).at("messages").size() == 2);
}

TEST_CASE_FIXTURE(Served, "a connection serves one request after the other") {
  RawHttpClient client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send(asking(kHello));
    const Answer answer = client.read_answer();
    CHECK(answer.status == 200);
    CHECK_FALSE(RawHttpClient::has(answer.head, "connection:"));  // the default of HTTP/1.1
  }
  client.send(getting("/livez", "Connection: close\r\n"));
  CHECK(RawHttpClient::has(client.read_answer().head, "connection: close"));
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(Served, "an HTTP/1.0 client gets one answer, unless it asks for more") {
  CHECK(last_status(getting("/livez", "", "1.0")) == 200);
  RawHttpClient client = connect();
  client.send(getting("/livez", "Connection: keep-alive\r\n", "1.0"));
  CHECK(RawHttpClient::has(client.read_answer().head, "connection: keep-alive"));
  client.send(getting("/livez", "", "1.0"));
  CHECK(client.read_answer().status == 200);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(Served, "requests sent at once are answered in order") {
  RawHttpClient client = connect();
  client.send(getting("/livez", "") + getting("/none") + asking(kHello) +
              getting("/operator/session/s-1") + getting("/operator/status", "") +
              getting("/livez", ""));
  for (const int status : {200, 404, 200, 200, 401, 200}) {
    CHECK(client.read_answer().status == status);
  }
}

TEST_CASE_FIXTURE(Served, "requests cut into single bytes are understood") {
  RawHttpClient client = connect();
  for (const char byte :
       asking(kHello) + chunked("5\r\n{\"mes\r\nc\r\nsage\":\"hey\"}\r\n0\r\n\r\n")) {
    client.send(std::string_view(&byte, 1));
  }
  CHECK(client.read_answer().status == 200);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(GatedServer, "a request sent while another is under way waits for its turn") {
  RawHttpClient client = connect();
  client.send(asking(kHello));
  gate->wait_for_caller();
  client.send(getting("/livez", ""));
  gate->let_go();
  CHECK(json::parse(client.read_answer().body).at("response") == "at last");
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(Served, "HEAD has the head of GET and no body") {
  RawHttpClient client = connect();
  client.send("HEAD /livez HTTP/1.1\r\n" + kHost + "\r\n" +
              getting("/livez", "Connection: close\r\n"));
  const std::string all = client.read_all();
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  CHECK(all.starts_with("HTTP/1.1 200 "));
  CHECK(all.find("Content-Length: ") < end);
  CHECK(all.substr(end + 4).starts_with("HTTP/1.1 200 "));
}

TEST_CASE_FIXTURE(Served, "OPTIONS and a wrong method say what is allowed") {
  RawHttpClient client = connect();
  client.send("OPTIONS /livez HTTP/1.1\r\n" + kHost + "\r\n");
  client.send("DELETE /livez HTTP/1.1\r\n" + kHost + "\r\n");
  client.send(getting("/operator/chat/ask"));
  const std::string all = (client.end_sending(), client.read_all());
  CHECK(all.starts_with("HTTP/1.1 204 "));
  const std::size_t second = all.find("HTTP/1.1 405 ");
  REQUIRE(second != std::string::npos);
  CHECK(all.substr(0, second).find("Content-Length") == std::string::npos);
  CHECK(all.find("Allow: GET, HEAD, OPTIONS") < second);
  CHECK(all.find("Allow: GET, HEAD, OPTIONS", second) != std::string::npos);
  CHECK(all.find("Allow: POST, OPTIONS", second) != std::string::npos);
}

TEST_CASE("several loops serve several connections") {
  Served served;
  served.serve.threads = 3;
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  served.start();
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      RawHttpClient client(served.server->port());
      for (int n = 0; n < 20; ++n) {
        client.send(getting("/operator/power/status") + asking(kHello));
        client.read_answer();
        if (client.read_answer().status == 200) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(answered == 120);
}
