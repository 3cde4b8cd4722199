#pragma once

/// \file
/// `VX11_API`: marks every declaration exported by one of the libraries.

/// The libraries hide their symbols to avoid collisions with a program's own names; only marked
/// declarations are exported. Build and use static libraries with `VX11_STATIC_DEFINE`, so that a
/// shared object linking one does not re-export its symbols.
#ifdef VX11_STATIC_DEFINE
#define VX11_API
#else
#define VX11_API __attribute__((visibility("default")))
#endif
