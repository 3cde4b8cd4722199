#include "listener.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include "session.hpp"

namespace upstream {

namespace {

constexpr int kBacklog = 4096;

Acceptor bound(asio::io_context& loop, const Tcp::endpoint& where) {
  Acceptor acceptor(loop, where.protocol());
  acceptor.set_option(Acceptor::reuse_address(true));
  acceptor.bind(where);
  return acceptor;
}

}  // namespace

Listener::Listener(Loops& loops, Site& site, const Tcp::endpoint& where, Spread spread)
    : loops_(loops),
      site_(site),
      spread_(spread),
      reservation_(bound(loops.first(), where)),
      where_(reservation_.local_endpoint()) {
  open();
}

std::string Listener::url() const {
  const auto address = where_.address();
  return address.is_v6() ? fmt::format("http://[{}]:{}", address.to_string(), where_.port())
                         : fmt::format("http://{}:{}", address.to_string(), where_.port());
}

void Listener::show(FaultKind fault) {
  if (fault == fault_) return;
  if (fault_ != FaultKind::none) {
    acceptor_->close();
    filler_.reset();
    fault_ = FaultKind::none;
    open();
  }
  if (fault == FaultKind::none) return;
  fault_ = fault;
  stop_accepting();
  if (fault == FaultKind::drop_connect) fill_backlog();
  site_.sockets.shut_all();
}

void Listener::open() {
  acceptor_ = std::make_shared<Acceptor>(bound(loops_.first(), where_));
  acceptor_->listen(kBacklog);
  asio::co_spawn(loops_.first(), accept_all(*this, acceptor_), asio::detached);
}

void Listener::stop_accepting() {
  if (fault_ == FaultKind::refuse) {
    acceptor_->close();
  } else {
    acceptor_->cancel();
  }
}

/// With a backlog of 0 and one connection queued, Linux drops every further SYN.
void Listener::fill_backlog() {
  acceptor_->listen(0);
  filler_.emplace(loops_.first());
  error_code ignored;
  filler_->connect(where_, ignored);
}

Coro<void> Listener::accept_all(Listener& self, std::shared_ptr<Acceptor> acceptor) {
  while (acceptor->is_open() && self.acceptor_ == acceptor && self.fault_ == FaultKind::none)
    co_await self.accept_one(*acceptor);
}

Coro<void> Listener::accept_one(Acceptor& acceptor) {
  auto& loop = spread_ == Spread::all_loops ? loops_.next() : loops_.first();
  error_code ec;
  Socket socket(loop);
  co_await acceptor.async_accept(socket, into(ec));
  if (fault_ != FaultKind::none) co_return;
  if (ec) {  // most likely out of descriptors: wait for open connections to end
    Timer pause(loops_.first(), std::chrono::milliseconds(10));
    co_await pause.async_wait(into(ec));
    co_return;
  }
  auto session = std::make_shared<Session>(std::move(socket), site_);
  asio::co_spawn(loop, Session::run(std::move(session)), asio::detached);
}

}  // namespace upstream
