// A look at an MP4's top-level boxes, for advice to the admin: where the index lies decides how
// fast a browser starts.
#pragma once

#include <string>
#include <vector>

#include "companions/splitter/recording_io.h"

namespace weir {

// Empty when nothing is to be said.
std::vector<std::string> warn_about_mp4(const SourceFile& source);

}  // namespace weir
