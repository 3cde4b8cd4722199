#pragma once

/// \file
/// `VX11_API`: what stands before everything that is compiled into one of the libraries.

/// The libraries hide their symbols, so that nothing of their inside collides with a program's own
/// names; what is marked is seen. Static libraries are built, and used, with `VX11_STATIC_DEFINE`:
/// a shared object that links one does not hand its symbols on.
#ifdef VX11_STATIC_DEFINE
#define VX11_API
#else
#define VX11_API __attribute__((visibility("default")))
#endif
