// Opens a title at its edges: header file (its fast start first, then the rest), then the content
// key when the title is protected. Edges are asked in order; the first that answers rightly is
// taken. Blocks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "player/native/title_location.h"
#include "player/native/title_sink.h"

namespace weir {

// Refuses what is no header file, is damaged, too large, or another title's. `key_file` empty: the
// key is asked of the edges. A title that is not protected asks for none.
Result<OpenTitle> open_title(const TitleLocation& location, const std::filesystem::path& key_file,
                             const Clock& clock);

}  // namespace weir
