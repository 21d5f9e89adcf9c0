// A small file, whole: key sets and keys. Blocks; for the time the configuration is read, and for
// files of a few bytes.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace weir::edge {

// kIo: `"PATH": why`; also when it is no regular file, or longer than `limit`. kNotFound: there is
// none.
Result<Bytes> read_file(const std::string& path, std::size_t limit);

}  // namespace weir::edge
