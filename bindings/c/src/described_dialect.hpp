#pragma once

/// \file
/// A chat dialect that is described by JSON, so that every language can add one.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <memory>

#include "fields.hpp"

namespace vx11::c {

/// Reads `{"path":…,"body":{…},"text":…}`, as vx11.h describes it.
/// \return `invalid_argument` that names what is wrong. Mistakes in `fields` are left to its user.
Result<std::shared_ptr<const ChatDialect>> described_dialect(Fields fields);

}  // namespace vx11::c
