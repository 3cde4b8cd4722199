#include <vx11.h>

int main(void) {
  vx11_breaker *breaker = NULL;
  vx11_permit *permit = NULL;
  if (vx11_abi_version() != VX11_ABI_VERSION) return 1;
  if (vx11_breaker_new("{\"failures_to_open\":1}", &breaker, NULL) != VX11_OK) return 2;
  if (vx11_breaker_acquire(breaker, &permit, NULL) != VX11_OK) return 3;
  vx11_permit_finish(permit, VX11_FAILURE);
  const int open = vx11_breaker_state(breaker) == VX11_OPEN;
  vx11_breaker_free(breaker);
  return open ? 0 : 4;
}
