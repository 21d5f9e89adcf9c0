#include "player/native/title_sink.h"

#include <algorithm>

#include "crypto/digest.h"
#include "runtime/interrupt.h"

namespace weir {
namespace {

constexpr std::size_t kStoredRecord = kRecordBytes + kRecordTagBytes;

// Opens records in place, so that each keeps its tag behind it, and lists their plain bytes.
Status open_records(PieceCipher& cipher, MutableBytes stored, std::vector<iovec>& plain) {
  for (std::uint32_t i = 0; !stored.empty(); ++i) {
    const MutableBytes record = stored.first(std::min(kStoredRecord, stored.size()));
    if (record.size() <= kRecordTagBytes) return fail(ErrorCode::kPieceCorrupt, "a wrong length");
    const MutableBytes out = record.first(record.size() - kRecordTagBytes);
    if (auto ok = cipher.open_record(i, record, out); !ok) return ok;
    plain.push_back({out.data(), out.size()});
    stored = stored.subspan(record.size());
  }
  return {};
}

}  // namespace

TitleSink::TitleSink(const OpenTitle& title, const Rendition& rendition, PartialFile& file)
    : title_(title), rendition_(rendition), file_(file) {}

PieceCipher TitleSink::cipher_of(std::uint32_t item) const {
  const Piece& piece = rendition_.pieces[item];
  const TitleInfo& info = title_.header.info;
  return {*title_.key,
          {.title = info.title,
           .kid = info.protection.kid,
           .piece = piece.id,
           .index = item,
           .plain_bytes = piece.plain_bytes}};
}

Status TitleSink::take(std::uint32_t item, MutableBytes stored) {
  const Piece& piece = rendition_.pieces[item];
  if (stored.size() != piece.stored_bytes) return fail(ErrorCode::kPieceCorrupt, "a wrong length");
  if (sha256(stored) != piece.sha256) return fail(ErrorCode::kPieceCorrupt, "a wrong hash");
  std::vector<iovec> plain;
  if (piece.sealed) {
    PieceCipher cipher = cipher_of(item);
    if (auto ok = cipher.check_commitment(piece.commitment); !ok) return ok;
    if (auto ok = open_records(cipher, stored, plain); !ok) return ok;
  } else {
    plain.push_back({stored.data(), stored.size()});
  }
  if (auto ok = file_.write(piece.offset, plain); !ok) return ok;
  return file_.note(item);
}

// Whole records; of a sealed piece only those whose tags hold.
std::size_t TitleSink::usable_prefix(std::uint32_t item, ByteView stored) {
  if (!rendition_.pieces[item].sealed) return stored.size() / kRecordBytes * kRecordBytes;
  PieceCipher cipher = cipher_of(item);
  Bytes plain(kRecordBytes);
  std::size_t sound = 0;
  for (std::uint32_t i = 0; stored.size() - sound >= kStoredRecord; ++i) {
    if (!cipher.open_record(i, stored.subspan(sound, kStoredRecord), plain)) break;
    sound += kStoredRecord;
  }
  return sound;
}

Status TitleSink::write_media_header() {
  const MediaHeader& media = title_.header.media_header;
  if (media.ranges.empty()) return {};
  const TitleInfo& info = title_.header.info;
  Bytes plain = media.payload;
  if (media.sealed) {
    PieceCipher cipher(*title_.key, {.title = info.title,
                                     .kid = info.protection.kid,
                                     .piece = media.id,
                                     .index = kMediaHeaderIndex,
                                     .plain_bytes = media.plain_bytes()});
    if (auto ok = cipher.check_commitment(media.commitment); !ok) return ok;
    auto opened = cipher.open(media.payload);
    if (!opened) return fail(ErrorCode::kHeaderCorrupt, "its media header cannot be opened");
    plain = *std::move(opened);
  }
  MutableBytes rest(plain);
  for (const ByteRange& range : media.ranges) {
    const MutableBytes bytes = rest.first(static_cast<std::size_t>(range.length));
    std::vector<iovec> parts{{bytes.data(), bytes.size()}};
    if (auto ok = file_.write(range.offset, parts); !ok) return ok;
    rest = rest.subspan(bytes.size());
  }
  return {};
}

std::uint64_t TitleSink::whole_until() {
  const std::vector<Piece>& pieces = rendition_.pieces;
  while (front_ < pieces.size() && file_.has(static_cast<std::uint32_t>(front_))) ++front_;
  return front_ < pieces.size() ? pieces[front_].offset : rendition_.bytes;
}

Result<std::vector<std::uint32_t>> TitleSink::damaged_in_file() {
  std::vector<std::uint32_t> out;
  Bytes plain;
  for (std::uint32_t i = 0; i < rendition_.pieces.size(); ++i) {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    if (!file_.has(i)) continue;
    const Piece& piece = rendition_.pieces[i];
    plain.resize(piece.plain_bytes);
    auto got = file_.read(piece.offset, plain);
    if (!got) return tl::unexpected(got.error());
    // Sealing is deterministic in the piece's key, so the stored bytes' hash can be had again.
    bool sound = *got == plain.size();
    if (sound && piece.sealed) {
      auto stored = cipher_of(i).seal(plain);
      sound = stored && sha256(*stored) == piece.sha256;
    } else if (sound) {
      sound = sha256(plain) == piece.sha256;
    }
    if (!sound) out.push_back(i);
  }
  return out;
}

}  // namespace weir
