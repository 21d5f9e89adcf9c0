// A title's header file (`header.enp`): the only thing that says which pieces make a film, in which
// order, and under which key. docs/formats/header_file.md is the specification;
// t/vectors/header_file.json has golden bytes.
//
// A value type: decode() checks everything it can without a key or a clock, so a HeaderFile in hand
// is sound:
//   * the media header's ranges and the `file` rendition's pieces tile 0..size exactly once; `ts`
//   pieces tile
//     0..size of the concatenation, in order;
//   * stored lengths follow from plain lengths and the sealed flag; no uuid occurs twice;
//   * all counts and lengths are within the limits below.
// What it refuses comes back as an Error with a kHeader... code; it never throws and never
// allocates more than a small multiple of the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/uuid.h"

namespace weir {

inline constexpr std::size_t kMaxHeaderBytes = 64U << 20;
inline constexpr std::size_t kMaxCoreBytes = 16U << 10;
inline constexpr std::size_t kMaxMediaHeaderBytes = 32U << 20;
inline constexpr std::size_t kMaxMediaHeaderRanges = 4096;
inline constexpr std::size_t kMaxPieces = 1U << 18;
inline constexpr std::size_t kMaxSeekPoints = 1U << 16;
inline constexpr std::uint32_t kMaxPieceBytes = 64U << 20;
inline constexpr std::size_t kFastStartTarget = 64U << 10;  // what a player asks for first

inline constexpr std::uint32_t kRecordBytes = 65536;  // plain bytes of an enp-gcm-1 record
inline constexpr std::uint32_t kRecordTagBytes = 16;
inline constexpr std::uint32_t kMediaHeaderIndex =
    0xffffffff;  // piece index of the media header in key derivation

// Stored length of a sealed piece of `plain` bytes: one tag per started record.
constexpr std::uint64_t sealed_length(std::uint64_t plain) noexcept {
  return plain + (plain + kRecordBytes - 1) / kRecordBytes * kRecordTagBytes;
}

// What may stand as `name`: 1 to 255 bytes of UTF-8 without control characters or slashes, not "."
// or "..": it is shown on terminals and becomes a file's name when a title is merged.
bool is_source_name(std::string_view name) noexcept;
// The nearest such name to any file name: what may not stand in it becomes '_', what is over is
// cut.
std::string to_source_name(std::string_view raw);

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t end() const noexcept { return offset + length; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RenditionKind : std::uint32_t {
  kFile = 0,  // the source's own bytes; merging restores them bit for bit
  kTs = 1,    // lossless remux to MPEG-TS, every piece starting PAT, PMT, key frame
};
std::string_view rendition_name(RenditionKind kind) noexcept;  // "file", "ts"

enum class Protect : std::uint8_t { kNone, kPartial, kAll };
std::string_view protect_name(Protect policy) noexcept;  // "none", "partial", "all"

// How sealed pieces are sealed: profile enp-gcm-1. Meaningful when policy is not kNone.
struct Protection {
  Protect policy = Protect::kNone;
  Uuid kid;                 // names the content key
  std::uint32_t every = 0;  // kPartial: pieces whose index is a multiple of this are sealed; else 0
  std::string gateway;      // where a player may ask for the key; empty: at the edge, /t/ID/key
  friend bool operator==(const Protection&, const Protection&) = default;
};

struct StreamInfo {
  std::string type;                          // "video", "audio", "subtitle", "data"
  std::string codec;                         // FFmpeg's name: "h264", "aac"
  std::string rfc6381;                       // "avc1.64001f", empty when unknown
  std::uint32_t width = 0, height = 0;       // video
  std::uint32_t rate_num = 0, rate_den = 1;  // video frames, or audio samples, per second
  std::uint32_t channels = 0;                // audio
  std::string language;                      // BCP 47 or empty
  friend bool operator==(const StreamInfo&, const StreamInfo&) = default;
};

struct TitleInfo {
  std::string title;  // is_title_id()
  Uuid revision;      // one per version of the source
  std::int64_t created_unix_s = 0;
  std::string name;        // base name of the source file
  std::string extension;   // "mp4"; what file.EXT links use
  std::string mime;        // "video/mp4"
  std::string format;      // demuxer's name
  Digest source_sha256{};  // of the whole source
  std::uint64_t source_bytes = 0;
  std::int64_t duration_us = 0;
  Protection protection;
  std::vector<StreamInfo> streams;
  friend bool operator==(const TitleInfo&, const TitleInfo&) = default;
};

// The bytes a demuxer read before it could play, taken out of the pieces. `payload` is as stored:
// sealed when `sealed`, else the ranges' bytes one after the other.
struct MediaHeader {
  std::vector<ByteRange> ranges;  // ascending, disjoint, not touching
  bool sealed = false;
  Uuid id;              // salt of the key; random, also when not sealed
  Digest commitment{};  // zeros when not sealed
  Bytes payload;
  std::uint64_t plain_bytes() const noexcept;  // sum of the ranges
  friend bool operator==(const MediaHeader&, const MediaHeader&) = default;
};

struct Piece {
  Uuid id;
  std::uint64_t offset = 0;        // of its first plain byte in the rendition
  std::uint32_t plain_bytes = 0;   // 1..kMaxPieceBytes
  std::uint32_t stored_bytes = 0;  // what /p/UUID answers
  std::int64_t time_us = 0;        // presentation time of its first frame, 0 when unknown
  std::uint32_t duration_us = 0;   // 0 when unknown
  bool key_frame = false;          // starts at a random access point
  bool sealed = false;
  Digest commitment{};  // zeros when not sealed
  Digest sha256{};      // of the stored bytes
  std::uint64_t end() const noexcept { return offset + plain_bytes; }
  friend bool operator==(const Piece&, const Piece&) = default;
};

struct SeekPoint {
  std::int64_t time_us = 0;
  std::uint64_t offset = 0;  // in the rendition
  friend bool operator==(const SeekPoint&, const SeekPoint&) = default;
};

struct Rendition {
  RenditionKind kind = RenditionKind::kFile;
  std::uint64_t bytes = 0;
  std::vector<Piece> pieces;    // ascending offset; index in this vector is the piece index
  std::vector<SeekPoint> seek;  // ascending time; key frames
  friend bool operator==(const Rendition&, const Rendition&) = default;
};

struct HeaderSignature {
  std::array<std::uint8_t, 32> public_key{};  // Ed25519
  std::array<std::uint8_t, 64> signature{};   // over every byte before the SIG section
  friend bool operator==(const HeaderSignature&, const HeaderSignature&) = default;
};

struct HeaderFile {
  TitleInfo info;
  MediaHeader media_header;           // of the `file` rendition; empty ranges when there is none
  std::vector<Rendition> renditions;  // at most one of a kind, ascending kind
  std::optional<HeaderSignature> signature;

  static Result<HeaderFile> decode(ByteView in);

  // The bytes of the header file. Fails with kBadArgument when the value breaks a rule above, and
  // with kHeaderTooLarge when it is over a limit. decode(encode(h)) == h, and encode(decode(b)) ==
  // b for every b that the writer of this version made.
  Result<Bytes> encode() const;

  // The two steps for a signer: what to sign (everything before SIG, with room for it announced in
  // the preamble), then the whole file. crypto/signature.h makes the 64 bytes.
  Result<Bytes> encode_unsigned_part() const;

  const Rendition* find(RenditionKind kind) const noexcept;

  friend bool operator==(const HeaderFile&, const HeaderFile&) = default;
};

// What the first bytes of a header say without decoding it: how much to ask for to start (CORE,
// MHDR, IDX0).
struct HeaderPreamble {
  std::uint16_t major = 0, minor = 0;
  std::uint64_t size = 0;
  std::uint32_t sections = 0;
  std::uint32_t fast_start_bytes = 0;
  static Result<HeaderPreamble> decode(ByteView first_32_bytes);
};

// The bytes that the signature covers, in a header already encoded; empty when it has no SIG
// section.
ByteView signed_part(ByteView encoded) noexcept;

}  // namespace weir
