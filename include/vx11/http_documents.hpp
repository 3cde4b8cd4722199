#pragma once

/// \file
/// Documents that do not change while the program runs, such as an API description, as an
/// `HttpHandler`.

#include <vx11/export.hpp>
#include <vx11/headers.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A document and where it is found.
struct HttpDocument {
  /// The path, such as `/openapi.json`, without a slash at its end; requests may have one.
  std::string path = {};
  /// Of the body, such as `application/json`.
  std::string content_type = {};
  /// Must outlive the handler: a literal, or a file that the build compiles into the program, so
  /// that large documents are not copied at each reload.
  std::string_view body = {};
  /// The body compressed by gzip, for clients that accept it; outlives the handler, too. Empty:
  /// every client gets the body as it is.
  std::string_view gzip = {};
  /// A digest of the body for the `ETag`, such as a build computes: letters, digits, hyphens, dots
  /// and underscores. Empty: its SHA-256.
  std::string_view digest = {};
  /// More fields of its answers, such as `Content-Security-Policy`.
  Headers headers = {};
};

/// What `make_documents` serves.
struct HttpDocumentsOptions {
  std::vector<HttpDocument> documents{};
  /// Origins whose pages may read the documents; `*` admits all. None by default, as for the APIs.
  std::vector<std::string> cors_origins{};
};

/// A handler that answers GET and HEAD of the documents' paths, without a credential, and 404 for
/// all else: mount it beside an API. An answer has a strong `ETag` of its content, and
/// `Cache-Control: no-cache`, so that clients ask whether theirs is current; `If-None-Match` is
/// answered 304. Thread-safe. Bodies are not copied.
/// \return every mistake in one `invalid_argument`: no document, a path without a slash in front or
///         with one at its end, two equal paths, no content type, a digest of other characters;
///         `exhausted` without memory for digests
VX11_API Result<std::shared_ptr<HttpHandler>> make_documents(HttpDocumentsOptions options);

}  // namespace v0
}  // namespace vx11
