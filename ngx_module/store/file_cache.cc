#include "ngx_module/store/file_cache.h"

#include <new>

namespace weir::edge {

namespace {

constexpr ngx_uint_t kMaxOpen = 4096;
constexpr time_t kInactive = 20;
constexpr time_t kLibraryValid = 1;
constexpr time_t kStoredValid = 600;

void set_disable_symlinks(ngx_http_request_t* r, ngx_http_core_loc_conf_t* core, ngx_str_t* path,
                          ngx_open_file_info_t* info) {
  ngx_http_set_disable_symlinks(r, core, path, info);
}

}  // namespace

FileCache::FileCache(ngx_pool_t* pool)
    : cache_(ngx_open_file_cache_init(pool, kMaxOpen, kInactive)) {
  if (cache_ == nullptr) throw std::bad_alloc();
}

ngx_int_t FileCache::open_library(ngx_http_request_t* r, ngx_pool_t* pool, ngx_str_t path,
                                  OpenFile* out) {
  auto* core =
      static_cast<ngx_http_core_loc_conf_t*>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  ngx_open_file_info_t info;
  ngx_memzero(&info, sizeof(info));
  info.read_ahead = core->read_ahead;
  info.directio = core->directio;
  info.valid = kLibraryValid;
  info.min_uses = 1;
  ngx_open_file_cache_t* cache = cache_;
  if (core->open_file_cache != nullptr) {
    cache = core->open_file_cache;
    info.valid = core->open_file_cache_valid;
    info.min_uses = core->open_file_cache_min_uses;
    info.errors = core->open_file_cache_errors ? 1 : 0;
    info.events = core->open_file_cache_events ? 1 : 0;
  }
  set_disable_symlinks(r, core, &path, &info);
  return open(cache, &info, r, pool, path, out);
}

ngx_int_t FileCache::open_stored(ngx_http_request_t* r, ngx_pool_t* pool, ngx_str_t path,
                                 OpenFile* out) {
  ngx_open_file_info_t info;
  ngx_memzero(&info, sizeof(info));
  info.directio = NGX_OPEN_FILE_DIRECTIO_OFF;
  info.valid = kStoredValid;
  info.min_uses = 1;
  return open(cache_, &info, r, pool, path, out);
}

ngx_int_t FileCache::open(ngx_open_file_cache_t* cache, ngx_open_file_info_t* info,
                          ngx_http_request_t* r, ngx_pool_t* pool, const ngx_str_t& path,
                          OpenFile* out) {
  ngx_str_t name = path;
  if (ngx_open_cached_file(cache, &name, info, pool) != NGX_OK) {
    if (info->err != NGX_ENOENT && info->err != NGX_ENOTDIR && info->err != NGX_ENAMETOOLONG) {
      ngx_log_error(NGX_LOG_ERR, r->connection->log, info->err, "weir: %s \"%V\" failed",
                    info->failed == nullptr ? "open()" : info->failed, &path);
    }
    return NGX_DECLINED;
  }
  if (!info->is_file) return NGX_DECLINED;
  auto* file = static_cast<ngx_file_t*>(ngx_pcalloc(pool, sizeof(ngx_file_t)));
  if (file == nullptr) throw std::bad_alloc();
  file->fd = info->fd;
  file->name = path;
  file->log = r->connection->log;
  file->directio = info->is_directio;
  *out = {file, info->size, info->mtime};
  return NGX_OK;
}

}  // namespace weir::edge
