// `weir-player get URL -o FILE`: a title as one file on disk, from as many edges as are given,
// resumable.
#pragma once

#include "runtime/command_line.h"

namespace weir {

void add_get_command(CommandLine& line);

}  // namespace weir
