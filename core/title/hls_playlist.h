// HLS views of a title's `ts` rendition (RFC 8216). Every URL in them is relative, so that a token
// in the path is inherited.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/title/header_file.h"

namespace weir {

// `/t/ID/master.m3u8`: one variant, `ts.m3u8`. kNoSuchRendition when the title has no ts rendition.
Result<std::string> hls_master(const HeaderFile& header);

// `/t/ID/ts.m3u8`: a VOD playlist whose segments are `UUID.ts`.
Result<std::string> hls_media(const HeaderFile& header);

}  // namespace weir
