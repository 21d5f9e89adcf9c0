#include "core/store/index_log.h"

#include <algorithm>

#include "core/base/crc32c.h"

namespace weir {
namespace {

constexpr std::uint64_t kMagic = 0x5745495249445831;  // "WEIRIDX1"
constexpr std::size_t kStoredBytes = 8 + 16 + 8 + 8 + 8 + 8 + 8 + 4;
constexpr std::size_t kPurgedBytes = 8 + 8 + 8 + 8 + 8 + 4;
constexpr std::size_t kBlocksHeadBytes = 8 + 4 + 4;
constexpr std::uint64_t kCompactionSlack = 16U << 20;

enum Type : std::uint8_t {
  kStored = 1,
  kBlocks = 2,
  kDropped = 3,
  kRemoved = 4,
  kSnapshotEnd = 5,
  kPurged = 6,
};

void store32(std::uint8_t* at, std::uint32_t v) noexcept {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}
std::uint32_t load32(const std::uint8_t* at) noexcept {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
         at[3];
}

std::uint64_t load64(const std::uint8_t* at) noexcept {
  return std::uint64_t{load32(at)} << 32 | load32(at + 4);
}
std::int64_t load_time(const std::uint8_t* at) noexcept {
  return static_cast<std::int64_t>(load64(at));
}

// What the CRCs of a generation's records begin with: what an older file left behind on the disk
// never passes for a record.
std::uint32_t salt_of(std::uint64_t generation) noexcept {
  std::array<std::uint8_t, 8> bytes{};
  store32(bytes.data(), static_cast<std::uint32_t>(generation >> 32));
  store32(bytes.data() + 4, static_cast<std::uint32_t>(generation));
  return crc32c(bytes);
}

IndexedObject read_object(const std::uint8_t* at) noexcept {
  IndexedObject out;
  out.file = load64(at);
  std::copy_n(at + 8, out.key.size(), out.key.begin());
  out.total = load64(at + 24);
  out.stored_at = load_time(at + 32);
  out.fresh_until = load_time(at + 40);
  out.last_used = load_time(at + 48);
  out.purge_epoch = load64(at + 56);
  out.flags = load32(at + 64);
  return out;
}

void put32(Bytes& out, std::uint32_t v) {
  std::array<std::uint8_t, 4> bytes{};
  store32(bytes.data(), v);
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void put64(Bytes& out, std::uint64_t v) {
  put32(out, static_cast<std::uint32_t>(v >> 32));
  put32(out, static_cast<std::uint32_t>(v));
}

PurgeRecord read_purge(const std::uint8_t* at) noexcept {
  PurgeRecord out;
  out.epoch = load64(at);
  out.hash = load64(at + 8);
  out.sequence = load64(at + 16);
  out.acknowledged = load64(at + 24);
  out.at = load_time(at + 32);
  out.scope = at[40];
  out.soft = at[41] != 0;
  out.resets = at[42] != 0;
  return out;
}

}  // namespace

void IndexLogWriter::header(std::uint32_t block_size) {
  const std::size_t at = out_.size();
  put64(out_, kMagic);
  put64(out_, generation_);
  put32(out_, block_size);
  put64(out_, 0);
  put32(out_, crc32c(ByteView(out_).subspan(at)));
}

void IndexLogWriter::begin(std::uint8_t type) {
  record_ = out_.size();
  put32(out_, 0);
  out_.push_back(type);
  out_.insert(out_.end(), 3, 0);
}

void IndexLogWriter::end() {
  const std::size_t length = out_.size() - record_ - kIndexRecordHeadBytes;
  out_[record_ + 6] = static_cast<std::uint8_t>(length >> 8);
  out_[record_ + 7] = static_cast<std::uint8_t>(length);
  const std::uint32_t crc = crc32c(ByteView(out_).subspan(record_ + 4), salt_of(generation_));
  store32(&out_[record_], crc);
}

void IndexLogWriter::stored(const IndexedObject& object) {
  begin(kStored);
  put64(out_, object.file);
  out_.insert(out_.end(), object.key.begin(), object.key.end());
  put64(out_, object.total);
  put64(out_, static_cast<std::uint64_t>(object.stored_at));
  put64(out_, static_cast<std::uint64_t>(object.fresh_until));
  put64(out_, static_cast<std::uint64_t>(object.last_used));
  put64(out_, object.purge_epoch);
  put32(out_, object.flags);
  end();
}

void IndexLogWriter::blocks(const IndexedBlocks& run) {
  for (std::size_t at = 0; at < run.crcs.size(); at += kMaxBlocksARecord) {
    const auto part = run.crcs.subspan(at, std::min(kMaxBlocksARecord, run.crcs.size() - at));
    const bool last = at + part.size() == run.crcs.size();
    begin(kBlocks);
    put64(out_, run.file);
    put32(out_, run.first + static_cast<std::uint32_t>(at));
    put32(out_, last ? run.last_length : 0);  // 0: the last one is whole, as the others
    for (const std::uint32_t crc : part) put32(out_, crc);
    end();
  }
}

void IndexLogWriter::dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count) {
  begin(kDropped);
  put64(out_, file);
  put32(out_, first);
  put32(out_, count);
  end();
}

void IndexLogWriter::removed(std::uint64_t file) {
  begin(kRemoved);
  put64(out_, file);
  end();
}

void IndexLogWriter::purged(const PurgeRecord& record) {
  begin(kPurged);
  put64(out_, record.epoch);
  put64(out_, record.hash);
  put64(out_, record.sequence);
  put64(out_, record.acknowledged);
  put64(out_, static_cast<std::uint64_t>(record.at));
  out_.insert(out_.end(), {record.scope, record.soft ? std::uint8_t{1} : std::uint8_t{0},
                           record.resets ? std::uint8_t{1} : std::uint8_t{0}, 0});
  end();
}

void IndexLogWriter::snapshot_end(std::uint64_t objects) {
  begin(kSnapshotEnd);
  put64(out_, objects);
  end();
}

std::string_view name_of(IndexLogEnd end) noexcept {
  switch (end) {
    case IndexLogEnd::kClean:
      return "clean";
    case IndexLogEnd::kNoHeader:
      return "no-header";
    case IndexLogEnd::kTruncated:
      return "truncated";
    case IndexLogEnd::kDamaged:
      return "damaged";
  }
  return {};
}

std::size_t IndexLogReplay::fail(IndexLogEnd why, std::size_t lost) noexcept {
  failed_ = true;
  report_.end = why;
  report_.lost_bytes += lost;
  return lost;
}

bool IndexLogReplay::read_header(ByteView in) noexcept {
  ByteReader reader(in.first(kIndexLogHeaderBytes));
  const std::uint64_t magic = reader.u64();
  report_.header.generation = reader.u64();
  report_.header.block_size = reader.u32();
  reader.u64();
  const std::uint32_t crc = reader.u32();
  return magic == kMagic && crc == crc32c(in.first(kIndexLogHeaderBytes - 4)) &&
         report_.header.block_size > 0;
}

std::size_t IndexLogReplay::feed(ByteView in) noexcept {
  if (failed_) return fail(report_.end, in.size());
  std::size_t at = 0;
  if (!has_header_) {
    if (in.size() < kIndexLogHeaderBytes) return 0;
    if (!read_header(in)) return fail(IndexLogEnd::kNoHeader, in.size());
    has_header_ = true;
    salt_ = salt_of(report_.header.generation);
    at = kIndexLogHeaderBytes;
    report_.valid_bytes = at;
  }
  while (true) {
    const std::size_t taken = take_record(in.subspan(at));
    if (failed_) return in.size();
    if (taken == 0) return at;
    at += taken;
    report_.valid_bytes += taken;
    ++report_.records;
  }
}

std::size_t IndexLogReplay::take_record(ByteView in) noexcept {
  if (in.size() < kIndexRecordHeadBytes) return 0;
  const std::size_t length = std::size_t{in[6]} << 8 | in[7];
  // A length that no record has would otherwise be waited for, and told as a truncation.
  if (in[5] != 0 || length > kMaxIndexPayload) return fail(IndexLogEnd::kDamaged, in.size());
  const std::size_t size = kIndexRecordHeadBytes + length;
  if (in.size() < size) return 0;
  const ByteView body = in.subspan(4, size - 4);
  const bool sound = load32(in.data()) == crc32c(body, salt_) &&
                     apply(in[4], in.subspan(kIndexRecordHeadBytes, length));
  return sound ? size : fail(IndexLogEnd::kDamaged, in.size());
}

bool IndexLogReplay::apply_blocks(ByteView payload) noexcept {
  if (payload.size() < kBlocksHeadBytes + 4 || payload.size() % 4 != 0) return false;
  const std::size_t count = (payload.size() - kBlocksHeadBytes) / 4;
  if (count > kMaxBlocksARecord) return false;
  IndexedBlocks run;
  run.file = load64(payload.data());
  run.first = load32(payload.data() + 8);
  run.last_length = load32(payload.data() + 12);
  if (run.last_length == 0) run.last_length = report_.header.block_size;
  if (run.last_length > report_.header.block_size) return false;
  if (run.first > ~std::uint32_t{0} - count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    crcs_[i] = load32(payload.data() + kBlocksHeadBytes + i * 4);
  }
  run.crcs = std::span(crcs_).first(count);
  sink_.blocks(run);
  return true;
}

// A payload may be longer than what is known of it: a later minor version added to it. A type that
// is not known is that of a later one too; but zeros are what a power cut leaves.
bool IndexLogReplay::apply(std::uint8_t type, ByteView payload) noexcept {
  switch (type) {
    case kStored:
      if (payload.size() < kStoredBytes) return false;
      sink_.stored(read_object(payload.data()));
      return true;
    case kBlocks:
      return apply_blocks(payload);
    case kDropped:
      if (payload.size() < 16) return false;
      sink_.dropped(load64(payload.data()), load32(payload.data() + 8),
                    load32(payload.data() + 12));
      return true;
    case kRemoved:
      if (payload.size() < 8) return false;
      sink_.removed(load64(payload.data()));
      return true;
    case kPurged:
      if (payload.size() < kPurgedBytes) return false;
      sink_.purged(read_purge(payload.data()));
      return true;
    case kSnapshotEnd:
      report_.snapshot_ended = true;
      return payload.size() >= 8;
    default:
      return type != 0;
  }
}

IndexLogReport IndexLogReplay::finish(ByteView rest) noexcept {
  if (!failed_ && !rest.empty()) {
    fail(has_header_ ? IndexLogEnd::kTruncated : IndexLogEnd::kNoHeader, rest.size());
  } else if (!failed_ && !has_header_) {
    fail(IndexLogEnd::kNoHeader, 0);
  }
  return report_;
}

IndexLogReport replay_index_log(ByteView file, IndexLogSink& sink) noexcept {
  IndexLogReplay replay(sink);
  return replay.finish(file.subspan(replay.feed(file)));
}

bool wants_compaction(std::uint64_t file_bytes, std::uint64_t live_bytes) noexcept {
  return file_bytes > live_bytes && file_bytes - live_bytes > live_bytes + kCompactionSlack;
}

std::uint64_t snapshot_bytes(std::uint64_t objects, std::uint64_t runs,
                             std::uint64_t blocks) noexcept {
  return kIndexLogHeaderBytes + objects * (kIndexRecordHeadBytes + kStoredBytes) +
         runs * (kIndexRecordHeadBytes + kBlocksHeadBytes) + blocks * 4 + kIndexRecordHeadBytes + 8;
}

}  // namespace weir
