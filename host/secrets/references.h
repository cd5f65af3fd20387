// ${env:NAME} and ${file:PATH} in the project file: secrets stay out of it. Nothing here prints or
// keeps a value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace penstock::secrets {

/// The value of a variable, or nothing when it is not set. [thread-safe]
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment.
Lookup ProcessEnvironment();

/// Names of the variables that `text` refers to, in order. PS-CONF-REFERENCE when a `${` is neither
/// `${env:NAME}` nor `${file:PATH}`. `$${` is a plain `${`. [thread-safe]
Result<std::vector<std::string>> References(std::string_view text);

/// `text` with every reference replaced. A file stands for its text (64 KiB at most) without the
/// line break at its end; a relative path counts from `directory` (empty: the working directory).
/// PS-CONF-ENV names a variable that is not set or empty, PS-CONF-FILE a file that cannot be read
/// or is empty.
Result<std::string> Resolve(std::string_view text, const Lookup& lookup,
                            const std::string& directory = {});

/// True when the text is made of references alone: then it holds no secret itself. [thread-safe]
bool IsReferenceOnly(std::string_view text);

/// True when a connection text ("postgres://user:secret@host/db", "host=h password=secret",
/// "https://u:p@host") holds a password that is not a reference. [thread-safe]
bool HoldsLiteralPassword(std::string_view connection);

/// `connection` with its password replaced by "•••", for messages. [thread-safe]
std::string WithoutPassword(std::string_view connection);

}  // namespace penstock::secrets
