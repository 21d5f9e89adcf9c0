// Open descriptors of one worker, for library and store files: nginx's own open file cache, ours
// where the location has none. One thread; a hit costs no system call.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

namespace weir::edge {

struct OpenFile {
  ngx_file_t* file = nullptr;  // in the pool given
  off_t size = 0;
  time_t mtime = -1;
};

class FileCache {
 public:
  // Lives in `pool` (the cycle's).
  explicit FileCache(ngx_pool_t* pool);

  // A regular file that may be replaced by rename at any time: the descriptor is checked against
  // the name at most `kLibraryValid` seconds later. NGX_OK, or NGX_DECLINED when there is no such
  // file (nothing, a directory, unreadable: the latter is logged). Honours open_file_cache and
  // disable_symlinks of the location. `path` ends in NUL, which is not counted.
  ngx_int_t open_library(ngx_http_request_t* r, ngx_pool_t* pool, ngx_str_t path, OpenFile* out);

  // A store file: its name is never used for other bytes. It may still be growing: size is what it
  // was when first opened.
  ngx_int_t open_stored(ngx_http_request_t* r, ngx_pool_t* pool, ngx_str_t path, OpenFile* out);

 private:
  ngx_int_t open(ngx_open_file_cache_t* cache, ngx_open_file_info_t* info, ngx_http_request_t* r,
                 ngx_pool_t* pool, const ngx_str_t& path, OpenFile* out);

  ngx_open_file_cache_t* cache_;
};

}  // namespace weir::edge
