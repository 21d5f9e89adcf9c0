// The ETag of a piece that lies in the library: equal on all servers, so that ranges from several
// join. From the SHA-256 that the splitter noted with the file (xattr user.weir.sha256), else from
// the name, which stands for these bytes and no others.
#pragma once

#include <string>
#include <string_view>

namespace weir::edge {

// `path`: of the file, ending in the piece's name. With quotes; empty when there is no such file.
// A worker remembers what it read for some seconds: a hit then costs no system call.
std::string local_piece_etag(const std::string& path);

}  // namespace weir::edge
