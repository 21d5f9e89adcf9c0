// What the path of a request for a title asks for (behind the token, which is taken off before).
#pragma once

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/base/uuid.h"

namespace weir {

enum class TitleView {
  kHeader,      // /t/ID/header.SUFFIX
  kFile,        // /t/ID/file.EXT
  kMaster,      // /t/ID/master.m3u8
  kTsPlaylist,  // /t/ID/ts.m3u8
  kTsSegment,   // /t/ID/UUID.ts
  kKey,         // /t/ID/key
  kPiece,       // /p/UUID
};

struct TitleUrl {
  TitleView view = TitleView::kPiece;
  std::string_view title;      // empty for kPiece
  std::string_view extension;  // kFile: EXT
  Uuid piece;                  // kTsSegment, kPiece
};

// `path` is decoded and normalised; views borrow from it. `suffix` is the header file's, without
// the dot. kBadPath: a title id or a piece's name that cannot be one. kNotFound: everything else
// that is none of the views.
Result<TitleUrl> parse_title_url(std::string_view path, std::string_view suffix);

}  // namespace weir
