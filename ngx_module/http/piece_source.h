// The plain bytes of a rendition, run by run, for one request: from the header file's own media
// header, or from pieces fetched through ObjectReaders one after the other and opened record by
// record. Lives in r->pool.
//
// Memory is bounded: one record (64 KiB) and one piece's reader at a time, whatever the length of
// the film. What next() gave stays valid until the next call of next(): call it again only when
// everything sent has left.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <optional>

#include "core/title/title_reader.h"
#include "crypto/content_key.h"
#include "crypto/piece_cipher.h"
#include "ngx_module/http/title_header.h"
#include "ngx_module/store/reader.h"

namespace weir::edge {

// Bytes to send: in memory, or in a file.
struct PlainRun {
  ByteView memory;  // empty: in the file
  ngx_file_t* file = nullptr;
  std::uint64_t file_offset = 0;
  std::uint64_t length = 0;
};

class PieceSource {
 public:
  // `key` opens what is sealed; null where nothing is. Both shared pointers and the key's value are
  // kept.
  PieceSource(ngx_http_request_t* r, std::shared_ptr<const TitleHeader> header, RenditionKind kind,
              const ContentKey* key, std::string_view prefix, ObjectReader::OnReady on_ready,
              void* owner);
  ~PieceSource();
  PieceSource(const PieceSource&) = delete;
  PieceSource& operator=(const PieceSource&) = delete;

  // Bytes from `at` of the rendition, at most `want` (>= 1, both inside it). kReady, kParked, or
  // kFailed.
  Progress next(std::uint64_t at, std::uint64_t want, PlainRun* out);

  // Why next() said kFailed, with the piece's name in it.
  const Error& error() const noexcept { return error_; }

  // Of the first piece that was read.
  CacheStatus cache_status() const noexcept { return cache_status_; }

 private:
  Progress next_of_media_header(const TitleSpan& span, PlainRun* out);
  Progress next_of_piece(const TitleSpan& span, PlainRun* out);
  Progress next_record(const TitleSpan& span, PlainRun* out);
  Progress open_piece(std::uint32_t index, const TitleSpan& span);
  Progress check_length();
  Progress give_record(ByteView plain, const TitleSpan& span, std::uint64_t record_start,
                       PlainRun* out);
  bool use_key(const Uuid& id, std::uint32_t index, std::uint64_t plain_bytes,
               const Digest& commitment);
  Progress fail_with(ErrorCode code, const std::string& detail);
  Progress piece_failed();
  Progress piece_damaged(const std::string& what);
  void close_piece() noexcept;
  const Piece& piece() const noexcept { return rendition_->pieces[*piece_index_]; }

  ngx_http_request_t* r_;
  std::shared_ptr<const TitleHeader> header_;
  const Rendition* rendition_;
  TitleReader reader_;
  std::optional<ContentKey> key_;
  std::string prefix_;
  ObjectReader::OnReady on_ready_;
  void* owner_;

  std::optional<PieceCipher> cipher_;  // of cipher_index_
  std::uint32_t cipher_index_ = 0;
  Bytes record_;                 // as stored, then opened in place
  std::size_t record_have_ = 0;  // stored bytes of the record under way

  ngx_pool_t* pool_ = nullptr;  // of the piece under way: its reader and descriptors
  std::optional<std::uint32_t> piece_index_;
  ObjectReader* object_ = nullptr;
  bool length_checked_ = false;
  CacheStatus cache_status_ = CacheStatus::kNone;
  Error error_;
};

}  // namespace weir::edge
