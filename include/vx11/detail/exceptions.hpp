#pragma once

/// \file
/// `try` and `catch` for headers that are used with `-fno-exceptions`, too. Internal.

#ifdef __cpp_exceptions
#define VX11_TRY try
#define VX11_CATCH_ALL catch (...)
#define VX11_RETHROW throw
#else  // nothing throws
#define VX11_TRY if constexpr (true)
#define VX11_CATCH_ALL else
#define VX11_RETHROW static_cast<void>(0)
#endif
