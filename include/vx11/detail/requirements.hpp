#pragma once

/// \file
/// What the headers need of a compiler and its standard library, as one error that says so.
/// Internal.

#include <version>

#if !defined(__cpp_impl_coroutine)
#error "vx11 needs C++20 with coroutines: -std=c++20, with g++ 12 or clang 14 or newer"
#elif !defined(__cpp_lib_jthread)
#error "vx11 needs std::stop_token: libstdc++, or libc++ 18 or newer with -fexperimental-library"
#endif

// The compiled libraries say by VX11_CXX11_ABI which std::string they were built with.
#if defined(VX11_CXX11_ABI) && defined(_GLIBCXX_USE_CXX11_ABI)
#if VX11_CXX11_ABI != _GLIBCXX_USE_CXX11_ABI
#error "libvx11 was built with another _GLIBCXX_USE_CXX11_ABI: build both with the same std::string"
#endif
#endif
