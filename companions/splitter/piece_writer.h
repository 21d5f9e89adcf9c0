// Turns plain pieces into stored ones: sealed where the title's policy says so, hashed, written
// into the staging folder, with the hash as extended attribute `user.weir.sha256` for the edge's
// ETag.
//
// Works on threads of its own, so that reading, hashing and sealing overlap. The caller takes an
// empty buffer, fills it, hands it in; take_buffer() waits while `max_in_flight` bytes are under
// way, which bounds memory. One caller thread. The first thing that goes wrong is what every later
// call returns.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "companions/splitter/library.h"
#include "core/title/header_file.h"
#include "crypto/content_key.h"

namespace weir {

// Bytes that are not zeroed first, as a vector's would be.
class PieceBuffer {
 public:
  std::uint8_t* data() noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  ByteView view() const noexcept { return {bytes_.get(), size_}; }
  void clear() noexcept { size_ = 0; }
  // Room for `size` bytes behind what is there, which then counts as filled.
  std::uint8_t* extend(std::size_t size);

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// What all pieces of a title share.
struct SealContext {
  std::string title;
  Protection protection;
  std::optional<ContentKey> key;  // there when protection says so
};

class PieceWriter {
 public:
  PieceWriter(const Staging& staging, const SealContext& context, std::size_t max_in_flight,
              unsigned threads);
  ~PieceWriter();  // drops what is under way
  PieceWriter(const PieceWriter&) = delete;
  PieceWriter& operator=(const PieceWriter&) = delete;

  // Waits until `expected` more bytes may be under way.
  Result<PieceBuffer> take_buffer(std::size_t expected);

  // The next piece of the rendition; `meta` carries offset, time, duration and key flag, the rest
  // is filled in.
  Status add(PieceBuffer plain, const Piece& meta);

  std::uint64_t plain_bytes() const noexcept { return plain_bytes_; }  // added so far
  std::size_t count() const noexcept { return pieces_.size(); }

  // Waits for everything; the pieces in order.
  Result<std::vector<Piece>> finish();

 private:
  struct Work {
    std::size_t index = 0;
    PieceBuffer plain;
  };
  void run() noexcept;
  Status store(const Work& work, Piece& piece) const;
  void stop() noexcept;

  const Staging& staging_;
  const SealContext& context_;
  const std::size_t max_in_flight_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;
  std::deque<Piece> pieces_;  // a deque: workers hold references while more are added
  std::vector<PieceBuffer> spare_;
  std::size_t in_flight_ = 0;
  std::uint64_t plain_bytes_ = 0;
  Status status_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// The media header's stored form: sealed when the policy is not `none`.
Result<MediaHeader> make_media_header(const SealContext& context, std::vector<ByteRange> ranges,
                                      Bytes plain);

}  // namespace weir
