#pragma once

/// \file
/// The version of the headers being compiled against.

#define VX11_VERSION_MAJOR 0
#define VX11_VERSION_MINOR 1
#define VX11_VERSION_PATCH 0
#define VX11_VERSION_STRING "0.1.0"
