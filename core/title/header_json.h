// The JSON view of a header file: `weir inspect --json` and `/t/ID/header.enp?format=json`. No key
// material, no media-header payload. Its shape is in docs/formats/header_file.md.
#pragma once

#include <string>

#include "core/title/header_file.h"

namespace weir {

std::string header_to_json(const HeaderFile& header);

}  // namespace weir
