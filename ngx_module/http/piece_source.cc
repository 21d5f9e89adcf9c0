#include "ngx_module/http/piece_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>

#include <unistd.h>

#include "ngx_module/http/conf.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/header_loader.h"

namespace weir::edge {

namespace {

constexpr std::size_t kPiecePoolBytes = 1024;

}  // namespace

PieceSource::PieceSource(ngx_http_request_t* r, std::shared_ptr<const TitleHeader> header,
                         RenditionKind kind, const ContentKey* key, std::string_view prefix,
                         ObjectReader::OnReady on_ready, void* owner)
    : r_(r),
      header_(std::move(header)),
      rendition_(header_->file.find(kind)),
      reader_(header_->file, kind),
      prefix_(prefix),
      on_ready_(on_ready),
      owner_(owner) {
  if (key != nullptr) key_ = *key;
}

PieceSource::~PieceSource() {
  close_piece();
}

void PieceSource::close_piece() noexcept {
  if (object_ != nullptr) object_->release();
  object_ = nullptr;
  piece_index_.reset();
  record_have_ = 0;
  if (pool_ != nullptr) ngx_destroy_pool(pool_);
  pool_ = nullptr;
}

Progress PieceSource::fail_with(ErrorCode code, const std::string& detail) {
  error_ = {code, detail};
  return Progress::kFailed;
}

Progress PieceSource::piece_failed() {
  const Error& error = object_->error();
  const std::string which = "piece " + piece().id.to_string() + ": ";
  // The title says it exists: that it does not is no 404.
  if (error.code == ErrorCode::kNotFound) {
    return fail_with(ErrorCode::kPieceMissing, which + "neither here nor at the origin");
  }
  return fail_with(error.code, which + error.detail);
}

Progress PieceSource::piece_damaged(const std::string& what) {
  EdgeState(main_conf(r_)->edge_state)
      .counters()
      .pieces_corrupt.fetch_add(1, std::memory_order_relaxed);
  const std::string name = piece().id.to_string();
  ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0,
                "weir: piece %s of \"%s\" (number %uD), %s: %s", name.c_str(),
                header_->file.info.title.c_str(), *piece_index_,
                object_ != nullptr && cache_status_ == CacheStatus::kLocal ? "in the library"
                                                                           : "from the origin",
                what.c_str());
  if (object_ != nullptr) object_->invalidate();
  return fail_with(ErrorCode::kPieceCorrupt, "piece " + name + ": " + what);
}

bool PieceSource::use_key(const Uuid& id, std::uint32_t index, std::uint64_t plain_bytes,
                          const Digest& commitment) {
  if (cipher_ && cipher_index_ == index) return true;
  if (!key_) return false;
  const TitleInfo& info = header_->file.info;
  cipher_.emplace(*key_, PieceContext{info.title, info.protection.kid, id, index, plain_bytes});
  cipher_index_ = index;
  if (cipher_->check_commitment(commitment)) return true;
  cipher_.reset();
  return false;
}

// The wanted part of an opened record that starts at plain byte `record_start` of its piece.
Progress PieceSource::give_record(ByteView plain, const TitleSpan& span, std::uint64_t record_start,
                                  PlainRun* out) {
  const auto skip = static_cast<std::size_t>(span.plain_offset - record_start);
  const auto length =
      static_cast<std::size_t>(std::min<std::uint64_t>(span.length, plain.size() - skip));
  *out = {};
  out->memory = plain.subspan(skip, length);
  out->length = length;
  EdgeState(main_conf(r_)->edge_state)
      .counters()
      .records_opened.fetch_add(1, std::memory_order_relaxed);
  return Progress::kReady;
}

Progress PieceSource::next(std::uint64_t at, std::uint64_t want, PlainRun* out) {
  const auto span = reader_.span_at(at, want);
  if (!span) return fail_with(ErrorCode::kInternal, "a byte that no piece holds");
  return span->in_media_header ? next_of_media_header(*span, out) : next_of_piece(*span, out);
}

Progress PieceSource::next_of_media_header(const TitleSpan& span, PlainRun* out) {
  const MediaHeader& media = header_->file.media_header;
  const ByteView payload(media.payload);
  const StoredSpan stored =
      stored_span(media.sealed, media.plain_bytes(), span.plain_offset,
                  media.sealed ? 1 : span.length);  // sealed: the one record it starts in
  if (stored.offset + stored.length > payload.size()) {
    return fail_with(ErrorCode::kHeaderCorrupt, "the media header is shorter than its ranges");
  }
  const ByteView run = payload.subspan(static_cast<std::size_t>(stored.offset),
                                       static_cast<std::size_t>(stored.length));
  if (!media.sealed) {
    *out = {};
    out->memory = run;
    out->length = run.size();
    return Progress::kReady;
  }
  if (!use_key(media.id, kMediaHeaderIndex, media.plain_bytes(), media.commitment)) {
    return fail_with(ErrorCode::kKeyWrong, "the content key held here is not this title's");
  }
  record_.resize(kRecordBytes);
  if (const Status opened = cipher_->open_record(stored.first_record, run, record_); !opened) {
    return fail_with(opened.error().code, "the media header: " + opened.error().detail);
  }
  return give_record(ByteView(record_).first(run.size() - kRecordTagBytes), span,
                     std::uint64_t{stored.first_record} * kRecordBytes, out);
}

Progress PieceSource::open_piece(std::uint32_t index, const TitleSpan& span) {
  close_piece();
  pool_ = ngx_create_pool(kPiecePoolBytes, r_->connection->log);
  if (pool_ == nullptr) throw std::bad_alloc();
  piece_index_ = index;
  length_checked_ = false;
  const ObjectName name = piece_name(prefix_, piece().id);
  const StoredSpan stored =
      stored_span(piece().sealed, piece().plain_bytes, span.plain_offset, span.length);
  ObjectRequest request;
  request.r = r_;
  request.pool = pool_;
  request.source = &location_conf(r_)->source.source;
  request.key = name.key;
  request.library_path = name.library_path;
  request.kind = ObjectKind::kPiece;
  request.offset = stored.offset;
  request.length = stored.length;
  object_ = ObjectReader::open(request, on_ready_, owner_);
  return Progress::kReady;
}

// A piece of another length is another file: better known before the answer begins.
Progress PieceSource::check_length() {
  if (length_checked_) return Progress::kReady;
  ObjectInfo info;
  const Progress progress = object_->info(&info);
  if (progress == Progress::kFailed) return piece_failed();
  if (progress != Progress::kReady) return progress;
  if (cache_status_ == CacheStatus::kNone) cache_status_ = info.status;
  if (info.total && *info.total != piece().stored_bytes) {
    return piece_damaged("it has " + std::to_string(*info.total) + " bytes instead of " +
                         std::to_string(piece().stored_bytes));
  }
  length_checked_ = true;
  return Progress::kReady;
}

Progress PieceSource::next_of_piece(const TitleSpan& span, PlainRun* out) {
  if (piece_index_ != span.piece_index) open_piece(span.piece_index, span);
  if (const Progress progress = check_length(); progress != Progress::kReady) return progress;
  if (piece().sealed) return next_record(span, out);
  Extent extent;
  const Progress progress = object_->extent(span.plain_offset, span.length, &extent);
  if (progress == Progress::kFailed) return piece_failed();
  if (progress == Progress::kEnd) return piece_damaged("it ends too early");
  if (progress != Progress::kReady) return progress;
  *out = {};
  out->file = extent.file;
  out->file_offset = extent.file_offset;
  out->length = extent.length;
  return Progress::kReady;
}

// Reads the stored record that holds the span's first byte, as far as it is there, and opens it
// once it is whole.
Progress PieceSource::next_record(const TitleSpan& span, PlainRun* out) {
  const StoredSpan stored = stored_span(true, piece().plain_bytes, span.plain_offset, 1);
  const auto length = static_cast<std::size_t>(stored.length);
  record_.resize(kRecordBytes + kRecordTagBytes);
  while (record_have_ < length) {
    Extent extent;
    const Progress progress =
        object_->extent(stored.offset + record_have_, length - record_have_, &extent);
    if (progress == Progress::kFailed) return piece_failed();
    if (progress == Progress::kEnd) return piece_damaged("it ends too early");
    if (progress != Progress::kReady) return progress;
    const ssize_t n =
        ::pread(extent.fd, record_.data() + record_have_, static_cast<std::size_t>(extent.length),
                static_cast<off_t>(extent.file_offset));
    if (n <= 0) return piece_damaged(n < 0 ? std::strerror(errno) : "its file shrank");
    record_have_ += static_cast<std::size_t>(n);
  }
  record_have_ = 0;
  if (!use_key(piece().id, *piece_index_, piece().plain_bytes, piece().commitment)) {
    return fail_with(ErrorCode::kKeyWrong, "the content key held here is not this title's");
  }
  const Status opened =
      cipher_->open_record(stored.first_record, ByteView(record_).first(length), record_);
  if (!opened) return piece_damaged(opened.error().detail);
  return give_record(ByteView(record_).first(length - kRecordTagBytes), span,
                     std::uint64_t{stored.first_record} * kRecordBytes, out);
}

}  // namespace weir::edge
