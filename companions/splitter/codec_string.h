// RFC 6381 codec strings, as `type="video/mp4; codecs=…"` and HLS's CODECS attribute take them.
#pragma once

#include <string>

struct AVCodecParameters;

namespace weir {

// "avc1.64001f", "hvc1.1.6.L93.B0", "mp4a.40.2", "vp09.00.10.08", "av01.0.04M.08", "opus", …; empty
// when the codec has none or the stream does not say enough.
std::string codec_string(const AVCodecParameters& stream);

}  // namespace weir
