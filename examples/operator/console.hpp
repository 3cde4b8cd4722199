#pragma once

/// \file
/// The files of the console, which browsers load. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/embedded_file.hpp"

namespace backend {

/// A file of the console. Views, which outlive the handler.
struct ConsoleFile {
  std::string_view path = {};  ///< Below the folder: "index.html", "assets/index-1a2b3c.js".
  const EmbeddedFile* file = nullptr;
};

/// Those that the build has compiled in; none if there was no console then.
std::span<const ConsoleFile> built_in_console() noexcept;

/// Below `/operator/ui`: the files, and the page `index.html` for `/operator/ui/` and for every
/// path there whose last segment has no dot, since the page has paths of its own. `/operator` and
/// `/` lead there (302). Files below `assets/`, whose names change with their content, may be kept
/// for ever; all others are asked for again, with an `ETag`. No credential: there is no data in
/// them. Without files: 404, with a text that says how to build them.
std::shared_ptr<vx11::HttpHandler> make_console(std::span<const ConsoleFile> files);

/// The same for the files of a folder, as they are now.
/// \return `storage` if it cannot be read, or has no `index.html`
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_console(const std::string& folder);

}  // namespace backend
