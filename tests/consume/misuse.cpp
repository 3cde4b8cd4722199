// Misuse that the compiler has to explain: misuse.sh compiles one part at a time.
#include <vx11/circuit_breaker.hpp>
#include <vx11/fallback.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/timeout.hpp>

#include <chrono>
#include <memory>
#include <string>

using namespace std::chrono_literals;

vx11::Result<int> number();
vx11::Task<vx11::Result<int>> later();

#if defined(LOST)
void lost_permit(vx11::CircuitBreaker& breaker) {
  breaker.try_acquire();
}
void lost_task(vx11::CircuitBreaker& breaker) {
  breaker.async_run(later);
}
#elif defined(WRONG_CALL)
void blocking_over_a_task(vx11::CircuitBreaker& breaker) {
  breaker.run(later);
}
vx11::Task<void> awaited_breaker_over_a_value(vx11::CircuitBreaker& breaker) {
  co_await breaker.async_run(number);
}
vx11::Task<void> awaited_pipeline_over_a_value() {
  auto guarded = vx11::pipeline(vx11::Timeout(2s));
  co_await guarded.async_run(number);
}
void other_arguments() {
  vx11::pipeline(vx11::Timeout(2s)).run([](int) { return number(); });
}
#elif defined(NO_POLICY)
void bare_breaker(vx11::CircuitBreaker& breaker) {
  vx11::pipeline(breaker);
}
void call_among_policies() {
  vx11::pipeline(vx11::Timeout(2s), [] { return number(); }).run(number);
}
void substitute_for_the_error() {
  vx11::pipeline(vx11::fallback([](const vx11::Error&) { return 0; })).run(number);
}
vx11::Task<int&> task_of_a_reference(int& number) {
  co_return number;
}
#elif defined(NO_ROUTE)
void route_of_a_string(vx11::HttpRoutes& routes) {
  routes.get("/", [](const vx11::HttpRequest&) { return std::string("hello"); });
}
void route_that_cannot_be_copied(vx11::HttpRoutes& routes) {
  routes.get("/", [kept = std::make_unique<int>(1)](const vx11::HttpRequest&) {
    return vx11::HttpResponse(*kept);
  });
}
#endif
