#include <algorithm>
#include <utility>

#include "core/base/crc32c.h"
#include "core/title/header_sections.h"

namespace weir {
namespace header {
namespace {

struct Section {
  SectionType type;
  Bytes bytes;
};

Bytes encode_media_header(const MediaHeader& media) {
  ByteWriter out;
  out.out().reserve(56 + media.ranges.size() * 16 + media.payload.size());
  out.u32(media.sealed ? kFlagSealed : 0);
  out.u32(static_cast<std::uint32_t>(media.ranges.size()));
  out.bytes(media.id.view());
  out.bytes(media.commitment);
  for (const ByteRange& range : media.ranges) {
    out.u64(range.offset);
    out.u64(range.length);
  }
  out.bytes(media.payload);
  return std::move(out).take();
}

Bytes encode_index(const Rendition& rendition, std::size_t first, std::size_t count) {
  const std::span<const Piece> pieces(rendition.pieces.data() + first, count);
  const bool commitments =
      std::any_of(pieces.begin(), pieces.end(), [](const Piece& p) { return p.sealed; });
  ByteWriter out;
  out.out().reserve(kIndexHeadBytes + count * (kIndexPieceBytes + sizeof(Digest)));
  out.u32(static_cast<std::uint32_t>(rendition.kind));
  out.u32(static_cast<std::uint32_t>(first));
  out.u32(static_cast<std::uint32_t>(count));
  out.u32(commitments ? kFlagCommitments : 0);
  for (const Piece& p : pieces) out.bytes(p.id.view());
  for (const Piece& p : pieces) out.u64(p.offset);
  for (const Piece& p : pieces) out.u64(static_cast<std::uint64_t>(p.time_us));
  for (const Piece& p : pieces) out.u32(p.plain_bytes);
  for (const Piece& p : pieces) out.u32(p.stored_bytes);
  for (const Piece& p : pieces) out.u32(p.duration_us);
  for (const Piece& p : pieces) {
    out.u8(static_cast<std::uint8_t>((p.key_frame ? kPieceKeyFrame : 0) |
                                     (p.sealed ? kPieceSealed : 0)));
  }
  if (commitments) {
    for (const Piece& p : pieces) out.bytes(p.commitment);
  }
  return std::move(out).take();
}

Bytes encode_seek(const Rendition& rendition) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(rendition.kind));
  out.u32(static_cast<std::uint32_t>(rendition.seek.size()));
  for (const SeekPoint& point : rendition.seek) out.u64(static_cast<std::uint64_t>(point.time_us));
  for (const SeekPoint& point : rendition.seek) out.u64(point.offset);
  return std::move(out).take();
}

Bytes encode_hash(const Rendition& rendition) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(rendition.kind));
  out.u32(static_cast<std::uint32_t>(rendition.pieces.size()));
  for (const Piece& p : rendition.pieces) out.bytes(p.sha256);
  return std::move(out).take();
}

// All but SIG, in the writer's order.
std::vector<Section> encode_sections(const HeaderFile& header) {
  std::vector<Section> out;
  out.push_back({SectionType::kCore, encode_core(header)});
  if (!header.media_header.ranges.empty()) {
    out.push_back({SectionType::kMediaHeader, encode_media_header(header.media_header)});
  }
  for (const Rendition& rendition : header.renditions) {
    const std::size_t pieces = rendition.pieces.size();
    const std::size_t first = std::min(pieces, kFirstIndexPieces);
    out.push_back({SectionType::kIndex, encode_index(rendition, 0, first)});
    if (pieces > first) {
      out.push_back({SectionType::kIndex, encode_index(rendition, first, pieces - first)});
    }
  }
  for (const Rendition& rendition : header.renditions) {
    if (!rendition.seek.empty()) out.push_back({SectionType::kSeek, encode_seek(rendition)});
  }
  for (const Rendition& rendition : header.renditions) {
    out.push_back({SectionType::kHash, encode_hash(rendition)});
  }
  return out;
}

// Preamble and table. `sections` lie behind it in order, then SIG when `with_signature`.
Bytes encode_front(const std::vector<Section>& sections, bool with_signature) {
  const std::size_t count = sections.size() + (with_signature ? 1 : 0);
  std::uint64_t at = kPreambleBytes + count * kEntryBytes;
  std::uint64_t fast_start = 0;
  ByteWriter table;
  const auto entry = [&](SectionType type, std::uint32_t crc, std::uint64_t length) {
    table.u16(static_cast<std::uint16_t>(type));
    table.u16(is_critical(type) ? kCritical : 0);
    table.u32(crc);
    table.u64(at);
    table.u64(length);
    at += length;
    if (type == SectionType::kIndex && fast_start == 0) fast_start = at;
  };
  for (const Section& section : sections) {
    entry(section.type, crc32c(section.bytes), section.bytes.size());
  }
  if (with_signature) entry(SectionType::kSignature, 0, kSignatureBytes);

  ByteWriter out;
  out.bytes(as_bytes(kMagic));
  out.u16(kMajor);
  out.u16(kMinor);
  out.u32(0);
  out.u64(at);
  out.u32(static_cast<std::uint32_t>(count));
  out.u32(static_cast<std::uint32_t>(fast_start));
  out.u32(crc32c(table.out(), crc32c(out.out())));
  out.bytes(table.out());
  return std::move(out).take();
}

Result<Bytes> encode_up_to_signature(const HeaderFile& header, bool with_signature) {
  if (Status sound = check_header(header, ErrorCode::kBadArgument); !sound) {
    return tl::unexpected(std::move(sound.error()));
  }
  const std::vector<Section> sections = encode_sections(header);
  if (sections.front().bytes.size() > kMaxCoreBytes) {
    return fail(ErrorCode::kHeaderTooLarge, "CORE would have more than 16 KiB");
  }
  ByteWriter out;
  out.bytes(encode_front(sections, with_signature));
  std::size_t size = out.size() + (with_signature ? kSignatureBytes : 0);
  for (const Section& section : sections) size += section.bytes.size();
  if (size > kMaxHeaderBytes) {
    return fail(ErrorCode::kHeaderTooLarge,
                "the header file would have more than 64 MiB: use larger pieces");
  }
  out.out().reserve(size);
  for (const Section& section : sections) out.bytes(section.bytes);
  return std::move(out).take();
}

}  // namespace
}  // namespace header

Result<Bytes> HeaderFile::encode() const {
  Result<Bytes> out = header::encode_up_to_signature(*this, signature.has_value());
  if (!out || !signature) return out;
  ByteWriter sig;
  sig.u32(header::kEd25519);
  sig.bytes(signature->public_key);
  sig.bytes(signature->signature);
  sig.u32(crc32c(sig.out()));
  out->insert(out->end(), sig.out().begin(), sig.out().end());
  return out;
}

Result<Bytes> HeaderFile::encode_unsigned_part() const {
  return header::encode_up_to_signature(*this, true);
}

}  // namespace weir
