#pragma once

/// \file
/// `ReplaceableHandler`: an `HttpHandler` whose handler may be replaced while requests are in
/// progress, such as when a configuration is read again.

#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_refusals.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

namespace vx11 {
inline namespace v0 {

/// Answers by the handler that is in force when the head of a request is complete. A request that
/// was admitted is answered, to the end of its stream, by the handler that admitted it, which its
/// admission keeps alive; `HttpServer` keeps that for as long.
///
/// ```cpp
/// vx11::ReplaceableHandler handler(api);  // what the server runs
/// vx11::OperatorApiOptions changed;       // by a configuration that was read again
/// if (auto next = api->successor(changed)) {
///   handler.replace(std::make_shared<vx11::OperatorApi>(*next));
/// }
/// ```
///
/// The last reference to a replaced handler is often released on an event loop. If its destruction
/// blocks, such as by joining threads, give it a deleter that passes it on to another thread.
///
/// **Thread-safe.** Costs two uncontended atomic operations and a lock of its own cache line for
/// each request. Must not be the handler of another one.
/// Handlers that ask for the `route` of a request, such as that of `make_request_log`, belong
/// inside it: patterns live no longer than the handler they belong to.
class VX11_API ReplaceableHandler final : public HttpHandler, public RefusalHandler {
 public:
  /// \param handler not null
  explicit ReplaceableHandler(std::shared_ptr<HttpHandler> handler);
  ReplaceableHandler(const ReplaceableHandler&) = delete;
  ReplaceableHandler& operator=(const ReplaceableHandler&) = delete;

  /// From its return on, requests are admitted by `handler`, which is not null. Drains it first if
  /// this was drained.
  void replace(std::shared_ptr<HttpHandler> handler);

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override;
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override;
  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override;
  /// Drains the handler in force, and those that replace it.
  void drain() noexcept override;

 private:
  using Handler = std::shared_ptr<const HttpHandler>;

  /// A reference of its own for a part of the threads, so that their counts share no cache line.
  struct alignas(64) Slot {
    mutable std::mutex mutex;
    Handler handler;
  };
  static constexpr std::size_t kSlots = 16;

  const Slot& slot_of_thread() const noexcept;
  Handler current() const;

  std::array<Slot, kSlots> slots_;
  std::mutex mutex_;                       ///< Of replacing and draining.
  std::shared_ptr<HttpHandler> in_force_;  ///< Guarded by `mutex_`.
  bool draining_ = false;                  ///< The same.
};

}  // namespace v0
}  // namespace vx11
