// t/vectors/header_file.json
#include <algorithm>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "core/title/header_file.h"
#include "t/unit/core/title/header_surgery.h"
#include "t/unit/crypto/golden.h"
#include "t/unit/crypto/sealed_film.h"

namespace weir {
namespace {

using golden::Json;
using header::SectionType;
using sample::put;
using sample::RawHeader;

Json piece_json(const Piece& p) {
  return {{"uuid", p.id.to_string()},
          {"offset", p.offset},
          {"plain_bytes", p.plain_bytes},
          {"stored_bytes", p.stored_bytes},
          {"time_us", p.time_us},
          {"duration_us", p.duration_us},
          {"key_frame", p.key_frame},
          {"sealed", p.sealed},
          {"commitment", to_hex(p.commitment)},
          {"sha256", to_hex(p.sha256)}};
}

Json stream_json(const StreamInfo& s) {
  return {{"type", s.type},         {"codec", s.codec},       {"rfc6381", s.rfc6381},
          {"width", s.width},       {"height", s.height},     {"rate_num", s.rate_num},
          {"rate_den", s.rate_den}, {"channels", s.channels}, {"language", s.language}};
}

Json rendition_json(const Rendition& r) {
  Json pieces = Json::array();
  for (const Piece& p : r.pieces) pieces.push_back(piece_json(p));
  Json seek = Json::array();
  for (const SeekPoint& s : r.seek) seek.push_back(Json::array({s.time_us, s.offset}));
  return {{"kind", rendition_name(r.kind)}, {"bytes", r.bytes}, {"pieces", pieces}, {"seek", seek}};
}

Json value_json(const HeaderFile& h) {
  const TitleInfo& i = h.info;
  Json ranges = Json::array();
  for (const ByteRange& r : h.media_header.ranges) {
    ranges.push_back(Json::array({r.offset, r.length}));
  }
  Json streams = Json::array();
  for (const StreamInfo& s : i.streams) streams.push_back(stream_json(s));
  Json renditions = Json::array();
  for (const Rendition& r : h.renditions) renditions.push_back(rendition_json(r));
  Json out{{"title", i.title},
           {"revision", i.revision.to_string()},
           {"created_unix_s", i.created_unix_s},
           {"name", i.name},
           {"extension", i.extension},
           {"mime", i.mime},
           {"format", i.format},
           {"source_sha256", to_hex(i.source_sha256)},
           {"source_bytes", i.source_bytes},
           {"duration_us", i.duration_us},
           {"protection",
            {{"policy", protect_name(i.protection.policy)},
             {"kid", i.protection.kid.to_string()},
             {"every", i.protection.every},
             {"gateway", i.protection.gateway}}},
           {"streams", streams},
           {"media_header",
            {{"ranges", ranges},
             {"sealed", h.media_header.sealed},
             {"uuid", h.media_header.id.to_string()},
             {"commitment", to_hex(h.media_header.commitment)},
             {"payload", to_hex(h.media_header.payload)}}},
           {"renditions", renditions},
           {"signature", nullptr}};
  if (h.signature) {
    out["signature"] = {{"public_key", to_hex(h.signature->public_key)},
                        {"signature", to_hex(h.signature->signature)}};
  }
  return out;
}

Json valid(std::string_view name, ByteView bytes) {
  const Result<HeaderFile> h = HeaderFile::decode(bytes);
  EXPECT_TRUE(h) << name << ": " << (h ? "" : h.error().detail);
  return {{"name", name},
          {"bytes", to_hex(bytes)},
          {"fast_start_bytes", HeaderPreamble::decode(bytes).value().fast_start_bytes},
          {"value", value_json(*h)}};
}

HeaderFile many_pieces() {
  HeaderFile h = sample::plain();
  h.media_header = {};
  h.renditions[0].pieces.clear();
  h.renditions[0].seek.clear();
  for (std::uint32_t i = 0; i < 66; ++i) {
    const std::uint32_t bytes = i == 65 ? 1000 - 65 * 15 : 15;
    h.renditions[0].pieces.push_back(
        sample::piece({}, i, 15 * i, bytes, static_cast<std::uint8_t>(i)));
  }
  return h;
}

HeaderFile only_ts() {
  HeaderFile h = sample::sealed_with_ts();
  h.info.protection = {Protect::kAll, sample::uuid(77), 0, ""};
  h.info.streams.clear();
  h.media_header = {};
  h.signature.reset();
  h.renditions.erase(h.renditions.begin());
  for (std::uint32_t i = 0; i < 3; ++i) {
    h.renditions[0].pieces[i] =
        sample::piece(h.info.protection, i, 564U * i, 564, static_cast<std::uint8_t>(60 + i));
  }
  return h;
}

// The example of docs/formats/header_file.md: 24 bytes, of which the demuxer read the first 8.
HeaderFile worked_example() {
  const Bytes source = golden::plain_bytes(24);
  HeaderFile h;
  h.info.title = "clip";
  h.info.revision = sample::uuid(0x10);
  h.info.created_unix_s = 1'790'000'000;
  h.info.name = "clip.ts";
  h.info.extension = "ts";
  h.info.mime = "video/mp2t";
  h.info.format = "mpegts";
  h.info.source_sha256 = sha256(source);
  h.info.source_bytes = 24;
  h.info.duration_us = 40'000;
  h.media_header.ranges = {{0, 8}};
  h.media_header.id = sample::uuid(0x20);
  h.media_header.payload.assign(source.begin(), source.begin() + 8);
  Piece p;
  p.id = sample::uuid(0x30);
  p.offset = 8;
  p.plain_bytes = p.stored_bytes = 16;
  p.duration_us = 40'000;
  p.key_frame = true;
  p.sha256 = sha256(ByteView(source).subspan(8));
  h.renditions = {{RenditionKind::kFile, 24, {p}, {{0, 8}}}};
  return h;
}

Json valid_headers(const Bytes& plain) {
  RawHeader unknown(plain);
  unknown.sections.insert(unknown.sections.begin() + 2, {900, 0, Bytes(5, 0xee)});
  RawHeader newer(plain);
  newer.minor = 7;
  newer.flags = 0xffffffff;
  for (sample::RawSection& section : newer.sections) section.flags |= 0x8000;
  return Json::array({valid("worked example", worked_example().encode().value()),
                      valid("plain", plain), valid("many pieces", many_pieces().encode().value()),
                      valid("only a ts rendition", only_ts().encode().value()),
                      valid("an unknown section that may be ignored", unknown.build()),
                      valid("a later minor version and unknown flags", newer.build())});
}

class InvalidHeaders {
 public:
  explicit InvalidHeaders(Bytes plain) : plain_(std::move(plain)) {}

  Json run() {
    whole_file();
    table();
    sections();
    return std::move(out_);
  }

 private:
  void add(std::string_view name, ByteView bytes) {
    const Result<HeaderFile> h = HeaderFile::decode(bytes);
    ASSERT_FALSE(h) << name;
    out_.push_back(
        {{"name", name}, {"bytes", to_hex(bytes)}, {"error", error_name(h.error().code)}});
  }

  void whole_file() {
    Bytes bytes = plain_;
    bytes[0] = 'X';
    add("another magic", bytes);
    add("empty", {});
    add("cut in the preamble", ByteView(plain_).first(31));
    add("cut by one byte", ByteView(plain_).first(plain_.size() - 1));
    bytes = plain_;
    bytes.push_back(0);
    add("one byte more", bytes);
    bytes = plain_;
    put(bytes, 12, std::uint64_t{1} << 63, 8);
    add("a size of 2^63", bytes);
    bytes = plain_;
    bytes.back() ^= 1;
    add("a flipped bit in the last section", bytes);
    bytes = plain_;
    bytes[8] ^= 1;
    add("a flipped bit in the preamble's flags, checksum as it was", bytes);
    RawHeader raw(plain_);
    raw.major = 2;
    add("major version 2", raw.build());
    raw.major = 1;
    raw.fast_start_error = 1;
    add("a wrong fast-start length", raw.build());
  }

  void table() {
    RawHeader raw(plain_);
    raw.sections.insert(raw.sections.begin() + 2, {900, header::kCritical, Bytes(5, 0xee)});
    add("an unknown critical section", raw.build());
    raw = RawHeader(plain_);
    auto entries = raw.table();
    entries[1].length = std::uint64_t{1} << 63;
    add("a section length of 2^63", raw.build_with(entries));
    entries = raw.table();
    entries[1].offset = ~std::uint64_t{0} - 8;
    add("a section offset near 2^64", raw.build_with(entries));
    std::swap(raw.sections[0], raw.sections[1]);
    add("MHDR before CORE", raw.build());
    raw = RawHeader(plain_);
    raw.sections.pop_back();
    add("no HASH", raw.build());
  }

  void sections() {
    RawHeader raw(plain_);
    Bytes& idx = raw.find(SectionType::kIndex).bytes;
    const Bytes good = idx;
    put(idx, 16 + 2 * 16 + 8, 499, 8);
    add("pieces that overlap", raw.build());
    put(idx, 16 + 2 * 16 + 8, 501, 8);
    add("a hole between pieces", raw.build());
    idx = good;
    std::copy(idx.begin() + 16, idx.begin() + 32, idx.begin() + 32);
    add("a UUID twice", raw.build());
    idx = good;
    put(idx, 16 + 2 * (16 + 8 + 8 + 4), 461, 4);
    add("a stored length that does not fit", raw.build());
    idx = good;
    put(idx, 8, 0xffffffff, 4);
    add("4294967295 pieces announced", raw.build());
    idx = good;
    Bytes& mhdr = raw.find(SectionType::kMediaHeader).bytes;
    put(mhdr, 56 + 8, std::uint64_t{1} << 63, 8);
    add("a media header range of 2^63 bytes", raw.build());
    raw = RawHeader(plain_);
    raw.find(SectionType::kCore).bytes[0] = 0xbf;
    add("CORE of indefinite length", raw.build());
  }

  Bytes plain_;
  Json out_ = Json::array();
};

// Every hex byte of the page's example, in order. A row is an offset, two spaces, the bytes, and
// behind two more spaces what they mean.
Bytes bytes_on_page() {
  std::ifstream page(std::string(WEIR_VECTORS) + "/../../docs/formats/header_file.md");
  Bytes out;
  for (std::string line; std::getline(page, line);) {
    const std::size_t offset = line.find_first_not_of(' ');
    const std::size_t gap = line.find("  ", offset);
    if (gap == std::string::npos || line.find_first_not_of("0123456789", offset) != gap) continue;
    const std::size_t end = std::min(line.find("  ", gap + 2), line.size());
    std::string hex = line.substr(gap + 2, end - gap - 2);
    std::erase(hex, ' ');
    EXPECT_EQ(out.size(), std::stoul(line)) << line;
    const std::optional<Bytes> bytes = from_hex(hex);
    EXPECT_TRUE(bytes) << line;
    if (bytes) out.insert(out.end(), bytes->begin(), bytes->end());
  }
  return out;
}

TEST(Vectors, TheExampleInTheDocumentationIsWhatWeWrite) {
  EXPECT_EQ(to_hex(bytes_on_page()), to_hex(worked_example().encode().value()));
}

TEST(Vectors, HeaderFile) {
  const Bytes plain = sample::plain().encode().value();
  const sample::SealedFilm film = sample::sealed_film();
  Json whole = valid("sealed, two renditions, signed", film.header.encode().value());
  whole["content_key"] = to_hex(film.key.view());
  whole["file"] = to_hex(film.source);
  whole["ts"] = to_hex(film.ts);
  for (const auto& [uuid, bytes] : film.stored) whole["stored"][uuid] = to_hex(bytes);
  Json all_valid = valid_headers(plain);
  all_valid.push_back(whole);
  golden::expect_same("header_file",
                      {{"valid", all_valid}, {"invalid", InvalidHeaders(plain).run()}});
}

}  // namespace
}  // namespace weir
