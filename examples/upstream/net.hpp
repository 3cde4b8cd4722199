#pragma once

#include <chrono>
#include <utility>  // Boost.Asio 1.74 uses std::exchange and does not include it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace upstream {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

// The executor type is explicit: the type-erased default costs an allocation and two indirect calls
// per operation, which is measurable in a benchmark's upstream.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// A coroutine that runs on one event loop.
template <class T>
using Coro = asio::awaitable<T, Executor>;

/// `co_await socket.async_…(…, into(ec))`: suspends and stores the result in `ec`.
inline auto into(error_code& ec) {
  return asio::redirect_error(asio::use_awaitable_t<Executor>{}, ec);
}

}  // namespace upstream
