#include <algorithm>
#include <utility>

#include "core/base/crc32c.h"
#include "core/title/header_sections.h"

namespace weir {
namespace header {
namespace {

struct Entry {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool is(SectionType known) const noexcept { return type == static_cast<std::uint16_t>(known); }
  bool is_known() const noexcept {
    return type >= static_cast<std::uint16_t>(SectionType::kCore) &&
           type <= static_cast<std::uint16_t>(SectionType::kSignature);
  }
};

tl::unexpected<Error> corrupt(std::string detail) {
  return fail(ErrorCode::kHeaderCorrupt, std::move(detail));
}

Result<std::vector<Entry>> decode_table(ByteView in, const HeaderPreamble& preamble) {
  const std::size_t table_bytes = std::size_t{preamble.sections} * kEntryBytes;
  if (table_bytes > in.size() - kPreambleBytes) return corrupt("the section table is cut");
  const ByteView table = in.subspan(kPreambleBytes, table_bytes);
  const std::uint32_t expected = ByteReader(in.subspan(kPreambleChecked)).u32();
  if (crc32c(table, crc32c(in.first(kPreambleChecked))) != expected) {
    return corrupt("the checksum of preamble and section table is wrong");
  }
  ByteReader reader(table);
  std::vector<Entry> out(preamble.sections);
  std::uint64_t at = kPreambleBytes + table_bytes;
  std::uint16_t order = 0;  // highest known type so far
  for (Entry& entry : out) {
    entry.type = reader.u16();
    entry.flags = reader.u16();
    entry.crc = reader.u32();
    entry.offset = reader.u64();
    entry.length = reader.u64();
    if (entry.offset != at || entry.length > in.size() - at) {
      return corrupt("sections do not lie one after the other");
    }
    at += entry.length;
    const bool critical = (entry.flags & kCritical) != 0;
    if (!entry.is_known()) {
      if (critical) {
        return fail(ErrorCode::kHeaderUnknownCritical,
                    "section type " + std::to_string(entry.type) + " is needed and not known");
      }
      continue;
    }
    if (critical != is_critical(static_cast<SectionType>(entry.type)) || entry.type < order) {
      return corrupt("section type " + std::to_string(entry.type) + " out of order or misflagged");
    }
    order = entry.type;
  }
  if (at != in.size()) return corrupt("bytes that belong to no section");
  if (!out.front().is(SectionType::kCore)) return corrupt("CORE is not the first section");
  const auto signature = std::find_if(
      out.begin(), out.end(), [](const Entry& entry) { return entry.is(SectionType::kSignature); });
  if (signature != out.end() && signature + 1 != out.end()) return corrupt("SIG is not last");
  return out;
}

// Takes the sections in table order and puts the HeaderFile together.
class Decoder {
 public:
  explicit Decoder(ByteView in) : in_(in) {}

  Result<HeaderFile> run(const HeaderPreamble& preamble, const std::vector<Entry>& table) {
    for (const Entry& entry : table) {
      if (Status done = section(entry); !done) return tl::unexpected(std::move(done.error()));
    }
    if (fast_start_ != preamble.fast_start_bytes) return corrupt("the fast-start length is wrong");
    for (std::size_t i = 0; i < out_.renditions.size(); ++i) {
      if (out_.renditions[i].pieces.size() != core_.renditions[i].pieces || !hashed_[i]) {
        return corrupt("IDX or HASH does not hold all pieces");
      }
    }
    if (Status sound = check_header(out_, ErrorCode::kHeaderCorrupt); !sound) {
      return tl::unexpected(std::move(sound.error()));
    }
    return std::move(out_);
  }

 private:
  Status section(const Entry& entry) {
    const ByteView bytes =
        in_.subspan(static_cast<std::size_t>(entry.offset), static_cast<std::size_t>(entry.length));
    if (entry.is(SectionType::kSignature)) return signature(entry, bytes);
    if (crc32c(bytes) != entry.crc) {
      return corrupt("the checksum of section type " + std::to_string(entry.type) + " is wrong");
    }
    if (!entry.is_known()) return {};
    switch (static_cast<SectionType>(entry.type)) {
      case SectionType::kCore:
        return core(bytes);
      case SectionType::kMediaHeader:
        return media_header(bytes);
      case SectionType::kIndex:
        return index(entry, bytes);
      case SectionType::kSeek:
        return seek(bytes);
      case SectionType::kHash:
        return hash(bytes);
      case SectionType::kSignature:
        break;
    }
    return {};
  }

  Status core(ByteView bytes) {
    if (has_core_) return corrupt("two CORE sections");
    has_core_ = true;
    Result<Core> core = decode_core(bytes);
    if (!core) return tl::unexpected(std::move(core.error()));
    core_ = std::move(*core);
    out_.info = std::move(core_.info);
    std::uint64_t pieces = 0;
    for (const Core::RenditionSize& size : core_.renditions) {
      if (size.pieces > kMaxPieces || (pieces += size.pieces) > kMaxPieces) {
        return fail(ErrorCode::kHeaderTooLarge, "more than 262144 pieces");
      }
      out_.renditions.push_back({size.kind, size.bytes, {}, {}});
      hashed_.push_back(false);
    }
    return {};
  }

  Status media_header(ByteView bytes) {
    MediaHeader& media = out_.media_header;
    if (!media.ranges.empty()) return corrupt("two MHDR sections");
    ByteReader in(bytes);
    const std::uint32_t flags = in.u32();
    const std::uint32_t count = in.u32();
    media.id.bytes = in.array<16>();
    media.commitment = in.array<32>();
    if (!in.ok() || (flags & ~kFlagSealed) != 0 || count == 0) return corrupt("MHDR is malformed");
    if (count > kMaxMediaHeaderRanges) {
      return fail(ErrorCode::kHeaderTooLarge, "more than 4096 media header ranges");
    }
    media.sealed = (flags & kFlagSealed) != 0;
    if (in.left() / 16 < count) return corrupt("MHDR is cut");
    media.ranges.resize(count);
    for (ByteRange& range : media.ranges) {
      range.offset = in.u64();
      range.length = in.u64();
    }
    if (in.left() > sealed_length(kMaxMediaHeaderBytes)) {
      return fail(ErrorCode::kHeaderTooLarge, "a media header of more than 32 MiB");
    }
    const ByteView payload = in.take(in.left());
    media.payload.assign(payload.begin(), payload.end());
    return {};
  }

  // The rendition that a section of type SEEK or HASH is about: each type's ascend.
  Result<std::size_t> find(std::uint32_t kind, std::size_t from) const {
    for (std::size_t i = from; i < out_.renditions.size(); ++i) {
      if (static_cast<std::uint32_t>(out_.renditions[i].kind) == kind) return i;
    }
    return corrupt("a section for no rendition of this title, or out of order");
  }

  Status index(const Entry& entry, ByteView bytes) {
    ByteReader in(bytes);
    const Result<std::size_t> at = find(in.u32(), index_from_);
    if (!at) return tl::unexpected(at.error());
    const std::uint32_t first = in.u32();
    const std::uint32_t count = in.u32();
    const std::uint32_t flags = in.u32();
    const bool commitments = (flags & kFlagCommitments) != 0;
    const std::size_t each = kIndexPieceBytes + (commitments ? sizeof(Digest) : 0);
    if (!in.ok() || (flags & ~kFlagCommitments) != 0 ||
        bytes.size() - kIndexHeadBytes != std::uint64_t{count} * each) {
      return corrupt("IDX is malformed");
    }
    std::vector<Piece>& pieces = out_.renditions[*at].pieces;
    const bool second = *at == index_at_ && fast_start_ != 0;
    const std::uint64_t total = core_.renditions[*at].pieces;
    if (first != pieces.size() || count > total - first || (second && count == 0) ||
        (fast_start_ == 0 && (*at != 0 || count > kFirstIndexPieces))) {
      return corrupt("IDX sections do not follow one another");
    }
    if (fast_start_ == 0) fast_start_ = entry.offset + entry.length;
    index_at_ = *at;
    index_from_ = second ? *at + 1 : *at;  // at most two a rendition
    pieces.reserve(second ? first + count : count);
    pieces.resize(first + count);
    const std::span<Piece> part = std::span(pieces).subspan(first);
    read_pieces(in, part, commitments);
    const bool any_sealed =
        std::any_of(part.begin(), part.end(), [](const Piece& p) { return p.sealed; });
    if (bad_flags_ || any_sealed != commitments) return corrupt("IDX has wrong flags");
    return {};
  }

  void read_pieces(ByteReader& in, std::span<Piece> part, bool commitments) {
    for (Piece& p : part) p.id.bytes = in.array<16>();
    for (Piece& p : part) p.offset = in.u64();
    for (Piece& p : part) p.time_us = static_cast<std::int64_t>(in.u64());
    for (Piece& p : part) p.plain_bytes = in.u32();
    for (Piece& p : part) p.stored_bytes = in.u32();
    for (Piece& p : part) p.duration_us = in.u32();
    for (Piece& p : part) {
      const std::uint8_t flags = in.u8();
      p.key_frame = (flags & kPieceKeyFrame) != 0;
      p.sealed = (flags & kPieceSealed) != 0;
      if ((flags & ~(kPieceKeyFrame | kPieceSealed)) != 0) bad_flags_ = true;
    }
    if (!commitments) return;
    for (Piece& p : part) p.commitment = in.array<32>();
  }

  Status seek(ByteView bytes) {
    ByteReader in(bytes);
    const Result<std::size_t> at = find(in.u32(), seek_from_);
    if (!at) return tl::unexpected(at.error());
    seek_from_ = *at + 1;
    const std::uint32_t count = in.u32();
    if (!in.ok() || count == 0 || in.left() != std::uint64_t{count} * 16) {
      return corrupt("SEEK is malformed");
    }
    if (count > kMaxSeekPoints) {
      return fail(ErrorCode::kHeaderTooLarge, "more than 65536 seek points");
    }
    std::vector<SeekPoint>& seek = out_.renditions[*at].seek;
    seek.resize(count);
    for (SeekPoint& point : seek) point.time_us = static_cast<std::int64_t>(in.u64());
    for (SeekPoint& point : seek) point.offset = in.u64();
    return {};
  }

  Status hash(ByteView bytes) {
    ByteReader in(bytes);
    const Result<std::size_t> at = find(in.u32(), hash_from_);
    if (!at) return tl::unexpected(at.error());
    hash_from_ = *at + 1;
    std::vector<Piece>& pieces = out_.renditions[*at].pieces;
    const std::uint32_t count = in.u32();
    if (!in.ok() || count != pieces.size() || in.left() != std::uint64_t{count} * sizeof(Digest)) {
      return corrupt("HASH is malformed");
    }
    for (Piece& p : pieces) p.sha256 = in.array<32>();
    hashed_[*at] = true;
    return {};
  }

  Status signature(const Entry& entry, ByteView bytes) {
    ByteReader in(bytes);
    const std::uint32_t algorithm = in.u32();
    HeaderSignature& out = out_.signature.emplace();
    out.public_key = in.array<32>();
    out.signature = in.array<64>();
    const std::uint32_t crc = in.u32();
    if (!in.ok() || in.left() != 0 || entry.crc != 0 ||
        crc32c(bytes.first(kSignatureChecked)) != crc) {
      return corrupt("SIG is malformed");
    }
    if (algorithm != kEd25519) {
      return fail(ErrorCode::kHeaderSignature, "the signature's algorithm is not known");
    }
    return {};
  }

  ByteView in_;
  HeaderFile out_;
  Core core_;
  bool has_core_ = false;
  bool bad_flags_ = false;
  std::vector<bool> hashed_;      // a rendition
  std::uint64_t fast_start_ = 0;  // end of the first IDX, 0 before it
  std::size_t index_at_ = 0;      // rendition of the last IDX
  std::size_t index_from_ = 0;    // first rendition that the next IDX, SEEK, HASH may be about
  std::size_t seek_from_ = 0;
  std::size_t hash_from_ = 0;
};

}  // namespace
}  // namespace header

std::string_view rendition_name(RenditionKind kind) noexcept {
  return kind == RenditionKind::kFile ? "file" : "ts";
}

std::string_view protect_name(Protect policy) noexcept {
  switch (policy) {
    case Protect::kPartial:
      return "partial";
    case Protect::kAll:
      return "all";
    case Protect::kNone:
      break;
  }
  return "none";
}

std::uint64_t MediaHeader::plain_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const ByteRange& range : ranges) sum += range.length;
  return sum;
}

const Rendition* HeaderFile::find(RenditionKind kind) const noexcept {
  for (const Rendition& rendition : renditions) {
    if (rendition.kind == kind) return &rendition;
  }
  return nullptr;
}

Result<HeaderPreamble> HeaderPreamble::decode(ByteView in) {
  if (in.size() < header::kMagic.size() ||
      as_chars(in.first(header::kMagic.size())) != header::kMagic) {
    return fail(ErrorCode::kHeaderNotOne, "it does not start with ENPH");
  }
  if (in.size() < header::kPreambleBytes) {
    return fail(ErrorCode::kHeaderTruncated, "it ends within the preamble");
  }
  ByteReader reader(in.subspan(header::kMagic.size()));
  HeaderPreamble out;
  out.major = reader.u16();
  out.minor = reader.u16();
  reader.u32();  // flags
  out.size = reader.u64();
  out.sections = reader.u32();
  out.fast_start_bytes = reader.u32();
  if (out.major != header::kMajor) {
    return fail(ErrorCode::kHeaderVersion,
                "version " + std::to_string(out.major) + " of the format; this is for version 1");
  }
  if (out.size > kMaxHeaderBytes) {
    return fail(ErrorCode::kHeaderTooLarge, "it says it has more than 64 MiB");
  }
  if (out.sections == 0 || out.sections > header::kMaxSections ||
      out.size < header::kPreambleBytes || out.fast_start_bytes > out.size) {
    return fail(ErrorCode::kHeaderCorrupt, "the preamble is malformed");
  }
  return out;
}

Result<HeaderFile> HeaderFile::decode(ByteView in) {
  const Result<HeaderPreamble> preamble = HeaderPreamble::decode(in);
  if (!preamble) return tl::unexpected(preamble.error());
  if (in.size() < preamble->size) {
    return fail(ErrorCode::kHeaderTruncated, "it has " + std::to_string(in.size()) + " bytes of " +
                                                 std::to_string(preamble->size));
  }
  if (in.size() > preamble->size) {
    return fail(ErrorCode::kHeaderCorrupt, "more bytes than it says it has");
  }
  const Result<std::vector<header::Entry>> table = header::decode_table(in, *preamble);
  if (!table) return tl::unexpected(table.error());
  return header::Decoder(in).run(*preamble, *table);
}

ByteView signed_part(ByteView encoded) noexcept {
  const Result<HeaderPreamble> preamble = HeaderPreamble::decode(encoded);
  if (!preamble || preamble->size != encoded.size()) return {};
  const Result<std::vector<header::Entry>> table = header::decode_table(encoded, *preamble);
  if (!table || !table->back().is(header::SectionType::kSignature)) return {};
  return encoded.first(static_cast<std::size_t>(table->back().offset));
}

}  // namespace weir
