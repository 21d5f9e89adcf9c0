// The index of a store on disk: a log of what was stored, and of what became of it, so that a
// restart serves hits at once, after kill -9 and power cuts too. docs/formats/index_log.md is the
// specification. Pure: writers fill a buffer that the caller appends to its file, replay is fed
// with what the caller read. Nothing allocates but the writer's buffer.
//
// One file is a generation: a header, then records. A snapshot is a run of records that restates
// what is held, in slices between the other records; kSnapshotEnd says that it is whole.
// Compaction: begin generation g+1, append every change to both files, write the snapshot slice by
// slice into the new one, its end, fsync, then drop the old one. At a start the highest generation
// whose snapshot ended is the index.
//
// What it refuses: replay stops at the first record that is cut, damaged or of another generation
// and says how many bytes follow. Those are lost, and so are the blocks they told of: the edge
// fetches them again. What was replayed may still name bytes that never reached the disk: each
// block comes with its CRC-32C, to be compared when it is first read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/bytes.h"
#include "core/store/purge_epochs.h"

namespace weir {

inline constexpr std::size_t kIndexLogHeaderBytes = 32;
inline constexpr std::size_t kIndexRecordHeadBytes = 8;
inline constexpr std::size_t kMaxIndexPayload = 32768;
inline constexpr std::size_t kMaxBlocksARecord = 4096;

struct IndexLogHeader {
  std::uint64_t generation = 0;  // never used twice in a store
  std::uint32_t block_size = 0;
};

// What a restart must know of an object before its file is opened. Key, ETag and header fields
// stand in the file's own head, which is read at the first hit and must carry the same key.
struct IndexedObject {
  std::uint64_t file = 0;              // names the file: never used twice in a store
  std::array<std::uint8_t, 16> key{};  // digest of the key, and of the Vary key
  std::uint64_t total = 0;             // ~0: not known
  std::int64_t stored_at = 0;          // seconds since 1970, as all times here
  std::int64_t fresh_until = 0;
  std::int64_t last_used = 0;
  std::uint64_t purge_epoch = 0;  // PurgeEpochs::epoch() when it was asked for
  std::uint32_t flags = 0;        // the caller's: complete, pinned, immutable, …
  friend bool operator==(const IndexedObject&, const IndexedObject&) = default;
};

// A run of blocks held whole, but for the last one, of which last_length bytes are valid.
struct IndexedBlocks {
  std::uint64_t file = 0;
  std::uint32_t first = 0;
  std::uint32_t last_length = 0;
  std::span<const std::uint32_t> crcs;  // CRC-32C of each: of the valid part of the last
};

// Receives records in the order they were written. What concerns a file that was never stored, or
// was removed, is to be passed over: slices of a snapshot stand between the changes made meanwhile.
class IndexLogSink {
 public:
  virtual ~IndexLogSink() = default;
  virtual void stored(const IndexedObject& object) noexcept = 0;  // again: replaces all but blocks
  virtual void blocks(const IndexedBlocks& run) noexcept = 0;     // `crcs` is valid during the call
  virtual void dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count) noexcept = 0;
  virtual void removed(std::uint64_t file) noexcept = 0;
  virtual void purged(const PurgeRecord& record) noexcept = 0;
};

// Encodes records for a file of `generation` behind what bytes() already holds.
class IndexLogWriter {
 public:
  explicit IndexLogWriter(std::uint64_t generation) noexcept : generation_(generation) {}

  void header(std::uint32_t block_size);  // once, first in the file
  void stored(const IndexedObject& object);
  void blocks(const IndexedBlocks& run);  // longer runs become several records
  void dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count);
  void removed(std::uint64_t file);
  void purged(const PurgeRecord& record);
  void snapshot_end(std::uint64_t objects);

  ByteView bytes() const noexcept { return out_; }
  void clear() noexcept { out_.clear(); }  // after they were written

 private:
  void begin(std::uint8_t type);
  void end();

  std::uint64_t generation_;
  Bytes out_;
  std::size_t record_ = 0;
};

enum class IndexLogEnd : std::uint8_t {
  kClean,      // the last byte was the end of a record
  kNoHeader,   // not an index log, or its first bytes are damaged
  kTruncated,  // the last record is cut
  kDamaged,    // a record's CRC, length or content is wrong
};
std::string_view name_of(IndexLogEnd end) noexcept;

struct IndexLogReport {
  IndexLogEnd end = IndexLogEnd::kClean;
  std::uint64_t valid_bytes = 0;  // cut the file here before appending to it
  std::uint64_t lost_bytes = 0;
  std::uint64_t records = 0;
  bool snapshot_ended = false;
  IndexLogHeader header;
};

// Replays a file piece by piece:
//   while (read more) rest = replay.feed(rest + more);   report = replay.finish(rest);
class IndexLogReplay {
 public:
  explicit IndexLogReplay(IndexLogSink& sink) noexcept : sink_(sink) {}

  // Takes whole records from the front; returns how many bytes it took. The caller gives the rest
  // again, with more behind it (a record never needs more than kMaxIndexPayload + 8). Takes
  // everything once a bad record was seen: it counts as lost.
  std::size_t feed(ByteView in) noexcept;

  // `rest`: what the last feed did not take.
  IndexLogReport finish(ByteView rest) noexcept;

 private:
  std::size_t take_record(ByteView in) noexcept;  // 0: more is needed, or it is bad
  bool apply(std::uint8_t type, ByteView payload) noexcept;
  bool apply_blocks(ByteView payload) noexcept;
  bool read_header(ByteView in) noexcept;
  std::size_t fail(IndexLogEnd why, std::size_t lost) noexcept;

  IndexLogSink& sink_;
  IndexLogReport report_;
  bool has_header_ = false;
  bool failed_ = false;
  std::uint32_t salt_ = 0;
  std::array<std::uint32_t, kMaxBlocksARecord> crcs_{};
};

// The whole of a file at once.
IndexLogReport replay_index_log(ByteView file, IndexLogSink& sink) noexcept;

// When to write a new generation: the log is more than twice what a snapshot would take, and at
// least 16 MiB of it is history. `live_bytes`: snapshot_bytes() of what is held now.
bool wants_compaction(std::uint64_t file_bytes, std::uint64_t live_bytes) noexcept;
std::uint64_t snapshot_bytes(std::uint64_t objects, std::uint64_t runs,
                             std::uint64_t blocks) noexcept;

}  // namespace weir
