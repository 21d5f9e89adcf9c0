#include "ngx_module/store/reader.h"

#include <string>

#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {

ngx_pool_t* pool_of(const ObjectRequest& request) noexcept {
  return request.pool != nullptr ? request.pool : request.r->pool;
}

class Reader final : public ObjectReader {
 public:
  Reader(const ObjectRequest& request, OnReady on_ready, void* owner)
      : r_(request.r),
        pool_(pool_of(request)),
        source_(*request.source),
        key_(request.key),
        library_path_(request.library_path),
        on_ready_(on_ready),
        owner_(owner) {}

  Progress info(ObjectInfo* out);
  Progress extent(std::uint64_t at, std::uint64_t want, Extent* out);
  void release() noexcept {}
  const Error& error() const noexcept { return error_; }

 private:
  enum class Mode : std::uint8_t { kNew, kLocal, kFailed };

  void choose();
  bool open_local();
  Progress failed(ErrorCode code, std::string detail);

  ngx_http_request_t* r_;
  ngx_pool_t* pool_;
  ObjectSource source_;
  std::string key_;
  std::string library_path_;
  OnReady on_ready_;
  void* owner_;
  Mode mode_ = Mode::kNew;
  OpenFile file_;
  Error error_;
};

Progress Reader::failed(ErrorCode code, std::string detail) {
  error_ = {code, std::move(detail)};
  mode_ = Mode::kFailed;
  return Progress::kFailed;
}

bool Reader::open_local() {
  if (source_.root.len == 0 || library_path_.empty()) return false;
  std::string path(as_view(source_.root));
  path += '/';
  path += library_path_;
  const ngx_str_t name = copy_ngx_str(pool_, path);
  return StoreWorker::current()->files.open_library(r_, pool_, name, &file_) == NGX_OK;
}

void Reader::choose() {
  if (open_local()) {
    mode_ = Mode::kLocal;
    return;
  }
  failed(ErrorCode::kNotFound, "nothing here has this name");
}

ngx_str_t local_etag(ngx_pool_t* pool, const OpenFile& file) {
  auto* data = static_cast<u_char*>(ngx_pnalloc(pool, NGX_OFF_T_LEN + NGX_TIME_T_LEN + 3));
  if (data == nullptr) return ngx_null_string;
  // As nginx's own, so that a file has one ETag whichever handler serves it.
  u_char* end = ngx_sprintf(data, "\"%xT-%xO\"", file.mtime, file.size);
  return {static_cast<std::size_t>(end - data), data};
}

Progress Reader::info(ObjectInfo* out) {
  if (mode_ == Mode::kNew) choose();
  if (mode_ == Mode::kFailed) return Progress::kFailed;
  *out = {};
  out->status = CacheStatus::kLocal;
  out->total = static_cast<std::uint64_t>(file_.size);
  out->etag = local_etag(pool_, file_);
  out->last_modified = file_.mtime;
  out->held = *out->total;
  out->complete = true;
  return Progress::kReady;
}

Progress Reader::extent(std::uint64_t at, std::uint64_t want, Extent* out) {
  if (mode_ == Mode::kNew) choose();
  if (mode_ == Mode::kFailed) return Progress::kFailed;
  const auto size = static_cast<std::uint64_t>(file_.size);
  if (at >= size) return Progress::kEnd;
  *out = {};
  out->fd = file_.file->fd;
  out->file = file_.file;
  out->file_offset = at;
  out->length = want < size - at ? want : size - at;
  return Progress::kReady;
}

Reader* impl(ObjectReader* reader) noexcept {
  return static_cast<Reader*>(reader);
}

}  // namespace

ObjectReader* ObjectReader::open(const ObjectRequest& request, OnReady on_ready, void* owner) {
  auto* reader = make_in_pool<Reader>(pool_of(request), request, on_ready, owner);
  if (reader == nullptr) throw std::bad_alloc();
  return reader;
}

Progress ObjectReader::info(ObjectInfo* out) {
  return impl(this)->info(out);
}
Progress ObjectReader::extent(std::uint64_t at, std::uint64_t want, Extent* out) {
  return impl(this)->extent(at, want, out);
}
const Error& ObjectReader::error() const noexcept {
  return static_cast<const Reader*>(this)->error();
}
void ObjectReader::release() noexcept {
  impl(this)->release();
}

std::string_view name_of(CacheStatus status) noexcept {
  switch (status) {
    case CacheStatus::kLocal:
      return "LOCAL";
    case CacheStatus::kHit:
      return "HIT";
    case CacheStatus::kFill:
      return "FILL";
    case CacheStatus::kMiss:
      return "MISS";
    case CacheStatus::kBypass:
      return "BYPASS";
    case CacheStatus::kNone:
      break;
  }
  return {};
}

}  // namespace weir::edge
