#include "ngx_module/http/header_loader.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/problem.h"

namespace weir::edge {

namespace {

ObjectRequest request_for(ngx_http_request_t* r, const ObjectName& name) {
  ObjectRequest request;
  request.r = r;
  request.source = &location_conf(r)->source.source;
  request.key = name.key;
  request.library_path = name.library_path;
  request.kind = ObjectKind::kHeader;
  return request;
}

// Two locations may name different films alike.
std::string cache_key_of(ngx_http_request_t* r, const ObjectName& name) {
  const ObjectSource& source = location_conf(r)->source.source;
  std::string key;
  for (const ngx_str_t& part :
       {server_conf(r)->identity, source.root, source.origin, as_ngx_str(name.key)}) {
    key.append(as_view(part)).append(1, '\n');
  }
  return key;
}

}  // namespace

ObjectName header_name(std::string_view prefix, std::string_view title, std::string_view suffix) {
  const std::string tail = std::string(title) + "/header." + std::string(suffix);
  return {std::string(prefix) + "/t/" + tail, "titles/" + tail};
}

ObjectName piece_name(std::string_view prefix, const Uuid& id) {
  const std::string name = id.to_string();
  return {std::string(prefix) + "/p/" + name, "pieces/" + name.substr(0, 2) + '/' + name};
}

HeaderLoader::HeaderLoader(ngx_http_request_t* r, const ObjectName& name,
                           ObjectReader::OnReady on_ready, void* owner)
    : r_(r),
      name_(name),
      reader_(ObjectReader::open(request_for(r, name), on_ready, owner)),
      cache_key_(cache_key_of(r, name)) {}

Progress HeaderLoader::fail_with(Error error, ngx_int_t status) {
  error_ = std::move(error);
  status_ = status;
  reader_->release();
  return Progress::kFailed;
}

// The bytes arrived, and are no header of ours.
Progress HeaderLoader::damaged(Error error) {
  EdgeState(main_conf(r_)->edge_state)
      .counters()
      .headers_refused.fetch_add(1, std::memory_order_relaxed);
  const bool local = info_.status == CacheStatus::kLocal;
  ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0, "weir: header file \"%s\" %s: %s (%ui)",
                local ? name_.library_path.c_str() : name_.key.c_str(),
                local ? "in the library" : "from the origin", error.detail.c_str(),
                static_cast<ngx_uint_t>(error.code));
  reader_->invalidate();
  return fail_with(std::move(error), local ? NGX_HTTP_INTERNAL_SERVER_ERROR : NGX_HTTP_BAD_GATEWAY);
}

Progress HeaderLoader::reader_failed() {
  Error error = reader_->error();
  if (error.code == ErrorCode::kNotFound) error.detail = "no such title here or at the origin";
  const ngx_int_t status = http_status(error.code);
  return fail_with(std::move(error), status);
}

// Which state of which file this is.
Progress HeaderLoader::identify() {
  const Progress progress = reader_->info(&info_);
  if (progress == Progress::kFailed) return reader_failed();
  if (progress != Progress::kReady) return progress;
  if (info_.total.value_or(0) > kMaxHeaderBytes) {
    return damaged({ErrorCode::kHeaderTooLarge,
                    "it has " + std::to_string(*info_.total) + " bytes, over the format's limit"});
  }
  identity_.etag = as_view(info_.etag);
  identity_.total = info_.total.value_or(0);
  if (info_.status == CacheStatus::kLocal) {
    Extent extent;
    struct stat file = {};
    if (reader_->extent(0, 1, &extent) == Progress::kReady && ::fstat(extent.fd, &file) == 0) {
      identity_.device = file.st_dev;
      identity_.inode = file.st_ino;
      identity_.mtime_ns = static_cast<std::uint64_t>(file.st_mtim.tv_sec) * 1'000'000'000U +
                           static_cast<std::uint64_t>(file.st_mtim.tv_nsec);
    }
  }
  identified_ = true;
  return Progress::kReady;
}

Progress HeaderLoader::read() {
  for (;;) {
    Extent extent;
    const Progress progress = reader_->extent(bytes_.size(), kMaxHeaderBytes + 1, &extent);
    if (progress == Progress::kFailed) return reader_failed();
    if (progress != Progress::kReady) return progress;
    if (bytes_.size() + extent.length > kMaxHeaderBytes) {
      return damaged({ErrorCode::kHeaderTooLarge, "it is over the format's limit of 64 MiB"});
    }
    const std::size_t at = bytes_.size();
    bytes_.resize(at + static_cast<std::size_t>(extent.length));
    const ssize_t n =
        ::pread(extent.fd, bytes_.data() + at, static_cast<std::size_t>(extent.length),
                static_cast<off_t>(extent.file_offset));
    if (n <= 0) {
      const char* why = n < 0 ? std::strerror(errno) : "the file shrank";
      return fail_with({ErrorCode::kIo, std::string("reading the header file: ") + why},
                       NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
    bytes_.resize(at + static_cast<std::size_t>(n));
  }
}

Progress HeaderLoader::decode(std::shared_ptr<const TitleHeader>* out) {
  Result<HeaderFile> file = HeaderFile::decode(bytes_);
  if (!file) return damaged(std::move(file.error()));
  *out = std::make_shared<const TitleHeader>(*std::move(file));
  header_cache().keep(cache_key_, identity_, bytes_.size(), *out);
  bytes_ = {};
  return Progress::kReady;
}

Progress HeaderLoader::load(std::shared_ptr<const TitleHeader>* out) {
  if (!identified_) {
    const Progress progress = identify();
    if (progress != Progress::kReady) return progress;
  }
  // Asked again after every wait: of many requests that waited for one header, the first decodes
  // it.
  *out = header_cache().find(cache_key_, identity_);
  if (*out == nullptr) {
    const Progress progress = read();
    if (progress != Progress::kEnd) return progress;
    const Progress decoded = decode(out);
    if (decoded != Progress::kReady) return decoded;
  }
  reader_->release();
  return Progress::kReady;
}

}  // namespace weir::edge
