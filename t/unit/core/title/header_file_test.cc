#include "core/title/header_file.h"

#include <gtest/gtest.h>

#include "t/unit/core/title/header_surgery.h"
#include "t/unit/core/title/sample_header.h"

namespace weir {
namespace {

using header::SectionType;
using sample::put;
using sample::RawHeader;

ErrorCode refusal(ByteView bytes) {
  const Result<HeaderFile> h = HeaderFile::decode(bytes);
  EXPECT_FALSE(h);
  return h ? ErrorCode::kInternal : h.error().code;
}

std::string reason(ByteView bytes) {
  const Result<HeaderFile> h = HeaderFile::decode(bytes);
  return h ? "decodes" : h.error().detail;
}

// Right checksums after a change that moved nothing. `layout` is the file before the change.
void repair_checksums(Bytes& bytes, ByteView layout) {
  ByteReader in(layout.subspan(20));
  const std::uint32_t count = in.u32();
  ByteReader table(layout.subspan(32));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint16_t type = table.u16();
    table.u16();
    table.u32();
    const std::uint64_t offset = table.u64();
    const std::uint64_t length = table.u64();
    const ByteView section = ByteView(bytes).subspan(offset, length);
    if (type == 6) {
      put(bytes, offset + 100, crc32c(section.first(100)), 4);
    } else {
      put(bytes, 32 + i * 24 + 4, crc32c(section), 4);
    }
  }
  const ByteView rows = ByteView(bytes).subspan(32, std::size_t{count} * 24);
  put(bytes, 28, crc32c(rows, crc32c(ByteView(bytes).first(28))), 4);
}

enum class Place { kChecksum, kIgnored, kMatters };

// What the byte's bit is for, by the tables of docs/formats/header_file.md.
Place place_of(std::size_t byte, unsigned bit, const Bytes& whole) {
  const std::size_t table_end = 32 + std::size_t{whole[23]} * 24;
  if (byte >= 28 && byte < 32) return Place::kChecksum;
  if (byte >= 6 && byte < 12) return Place::kIgnored;  // minor version, flags
  if (byte >= 32 && byte < table_end) {
    const std::size_t in_entry = (byte - 32) % 24;
    if (in_entry == 2 || (in_entry == 3 && bit != 0)) return Place::kIgnored;
    const bool signature = whole[byte - in_entry + 1] == 6;
    if (in_entry >= 4 && in_entry < 8 && !signature) return Place::kChecksum;
  }
  if (whole[32 + (whole[23] - 1U) * 24 + 1] == 6 && byte >= whole.size() - 4) {
    return Place::kChecksum;  // SIG's own
  }
  return Place::kMatters;
}

TEST(HeaderFile, GoesThereAndBack) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Result<Bytes> bytes = h.encode();
    ASSERT_TRUE(bytes) << bytes.error().detail;
    const Result<HeaderFile> back = HeaderFile::decode(*bytes);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(*back, h);
    EXPECT_EQ(back->encode().value(), *bytes);
  }
}

// Every bit lies under a checksum, so no single flip passes, in ignored fields neither.
TEST(HeaderFile, RefusesEverySingleFlippedBit) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Bytes whole = h.encode().value();
    Bytes bytes = whole;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        bytes[i] ^= static_cast<std::uint8_t>(1U << bit);
        const ErrorCode code = refusal(bytes);
        if (i < 4) {
          EXPECT_EQ(code, ErrorCode::kHeaderNotOne);
        } else if (i < 6) {
          EXPECT_EQ(code, ErrorCode::kHeaderVersion);
        } else if (i >= 12 && i < 20) {
          EXPECT_TRUE(code == ErrorCode::kHeaderTooLarge || code == ErrorCode::kHeaderTruncated ||
                      code == ErrorCode::kHeaderCorrupt);
        } else {
          EXPECT_EQ(code, ErrorCode::kHeaderCorrupt) << "byte " << i << " bit " << bit;
        }
        bytes[i] = whole[i];
      }
    }
  }
}

// A flip by somebody who also mends the checksums: the minor version, the preamble's flags and the
// table's flags but the critical bit may change without a change of meaning; nothing else may.
TEST(HeaderFile, OnlyIgnoredBitsLeaveTheValueAsItWas) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Bytes whole = h.encode().value();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        const Place place = place_of(i, bit, whole);
        if (place == Place::kChecksum) continue;
        Bytes bytes = whole;
        bytes[i] ^= static_cast<std::uint8_t>(1U << bit);
        repair_checksums(bytes, whole);
        const Result<HeaderFile> back = HeaderFile::decode(bytes);
        EXPECT_EQ(back && *back == h, place == Place::kIgnored) << "byte " << i << " bit " << bit;
        // A section that need not be known has become one that is not.
        const bool unknown_type =
            i >= 32 && i < 32 + std::size_t{whole[23]} * 24 && (i - 32) % 24 < 2;
        if (back && place == Place::kMatters && !unknown_type) {
          EXPECT_EQ(back->encode().value(), bytes) << "one value has one spelling; byte " << i;
        }
      }
    }
  }
}

TEST(HeaderFile, RefusesItsEveryPrefix) {
  const Bytes whole = sample::sealed_with_ts().encode().value();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(refusal(ByteView(whole).first(length)),
              length < 4 ? ErrorCode::kHeaderNotOne : ErrorCode::kHeaderTruncated);
  }
}

// The same with the announced size mended: sections are cut, not the file.
TEST(HeaderFile, RefusesAFileThatIsCutAndSaysSo) {
  const Bytes whole = sample::plain().encode().value();
  for (std::size_t length = 32; length < whole.size(); ++length) {
    Bytes bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    put(bytes, 12, length, 8);
    const std::size_t table = std::min<std::size_t>(length, 32 + std::size_t{whole[23]} * 24);
    put(bytes, 28,
        crc32c(ByteView(bytes).subspan(32, table - 32), crc32c(ByteView(bytes).first(28))), 4);
    EXPECT_EQ(refusal(bytes), ErrorCode::kHeaderCorrupt);
  }
}

TEST(HeaderFile, RefusesMoreBytesThanAnnounced) {
  Bytes bytes = sample::plain().encode().value();
  bytes.push_back(0);
  EXPECT_EQ(refusal(bytes), ErrorCode::kHeaderCorrupt);
}

TEST(HeaderFile, SkipsUnknownSectionsUnlessTheyAreCritical) {
  const HeaderFile h = sample::sealed_with_ts();
  const Bytes whole = h.encode().value();
  for (const std::uint16_t type : {std::uint16_t{0}, std::uint16_t{7}, std::uint16_t{65535}}) {
    for (std::size_t at = 1; at < RawHeader(whole).sections.size(); ++at) {
      RawHeader raw(whole);
      raw.sections.insert(raw.sections.begin() + static_cast<std::ptrdiff_t>(at),
                          {type, 0, Bytes(3, 1)});
      const Result<HeaderFile> back = HeaderFile::decode(raw.build());
      ASSERT_TRUE(back) << back.error().detail;
      EXPECT_EQ(*back, h);
      raw.sections[at].flags = header::kCritical;
      EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderUnknownCritical);
    }
  }
}

TEST(HeaderFile, ChecksUnknownSectionsToo) {
  RawHeader raw(sample::plain().encode().value());
  raw.sections.insert(raw.sections.begin() + 1, {900, 0, Bytes(3, 1)});
  auto entries = raw.table();
  entries[1].crc ^= 1;
  EXPECT_EQ(refusal(raw.build_with(entries)), ErrorCode::kHeaderCorrupt);
}

TEST(HeaderFile, NothingComesBeforeCoreOrBehindTheSignature) {
  const Bytes whole = sample::sealed_with_ts().encode().value();
  RawHeader raw(whole);
  raw.sections.insert(raw.sections.begin(), {900, 0, {}});
  EXPECT_EQ(reason(raw.build()), "CORE is not the first section");
  raw = RawHeader(whole);
  raw.sections.push_back({900, 0, {}});
  EXPECT_EQ(reason(raw.build()), "SIG is not last");
}

TEST(HeaderFile, RefusesAbsurdSizesAndPlaces) {
  const Bytes whole = sample::plain().encode().value();
  const RawHeader raw(whole);
  for (const std::uint64_t absurd :
       {std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{0} - whole.size() + 1,
        std::uint64_t{1} << 32, std::uint64_t{whole.size()}}) {
    for (std::size_t i = 0; i < raw.sections.size(); ++i) {
      auto entries = raw.table();
      entries[i].length = absurd;
      EXPECT_EQ(reason(raw.build_with(entries)), "sections do not lie one after the other");
      entries = raw.table();
      entries[i].offset = absurd;
      EXPECT_EQ(reason(raw.build_with(entries)), "sections do not lie one after the other");
    }
  }
  Bytes bytes = whole;
  put(bytes, 12, std::uint64_t{1} << 63, 8);
  EXPECT_EQ(refusal(bytes), ErrorCode::kHeaderTooLarge);
  put(bytes, 12, kMaxHeaderBytes + 1, 8);
  EXPECT_EQ(refusal(bytes), ErrorCode::kHeaderTooLarge);
  for (const std::uint64_t sections : {0ULL, 65ULL, 0xffffffffULL}) {
    bytes = whole;
    put(bytes, 20, sections, 4);
    EXPECT_EQ(reason(bytes), "the preamble is malformed");
  }
}

TEST(HeaderFile, SectionsComeInTheirOrderAndNumber) {
  const Bytes whole = sample::sealed_with_ts().encode().value();
  const std::size_t count = RawHeader(whole).sections.size();
  for (std::size_t i = 0; i < count; ++i) {
    RawHeader raw(whole);
    raw.sections.insert(raw.sections.begin() + static_cast<std::ptrdiff_t>(i), raw.sections[i]);
    EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt) << "section " << i << " twice";
    if (i + 1 < count) {
      raw = RawHeader(whole);
      std::swap(raw.sections[i], raw.sections[i + 1]);
      EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt) << "section " << i << " late";
    }
    raw = RawHeader(whole);
    const std::uint16_t type = raw.sections[i].type;
    raw.sections.erase(raw.sections.begin() + static_cast<std::ptrdiff_t>(i));
    if (header::is_critical(static_cast<SectionType>(type))) {
      EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt) << "section " << i << " missing";
    } else {
      EXPECT_TRUE(HeaderFile::decode(raw.build())) << reason(raw.build());
    }
    raw = RawHeader(whole);
    raw.sections[i].flags ^= header::kCritical;
    EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt) << "section " << i << " misflagged";
  }
}

TEST(HeaderFile, FastStartReachesToTheEndOfTheFirstIndex) {
  for (const HeaderFile& h : {sample::plain(), sample::sealed_with_ts()}) {
    const Bytes whole = h.encode().value();
    const std::uint32_t fast_start = HeaderPreamble::decode(whole).value().fast_start_bytes;
    RawHeader raw(whole);
    const auto entries = raw.table();
    EXPECT_EQ(fast_start, entries[2].offset + entries[2].length);
    raw.fast_start_error = -1;
    EXPECT_EQ(reason(raw.build()), "the fast-start length is wrong");
    raw.fast_start_error = 1;
    EXPECT_EQ(reason(raw.build()), "the fast-start length is wrong");
  }
}

HeaderFile with_pieces(std::uint32_t count) {
  HeaderFile h = sample::plain();
  h.media_header = {};
  h.info.source_bytes = h.renditions[0].bytes = count;
  h.renditions[0].seek.clear();
  h.renditions[0].pieces.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Piece& p = h.renditions[0].pieces[i];
    p.id = sample::uuid(1);
    for (unsigned b = 0; b < 4; ++b) p.id.bytes[b] = static_cast<std::uint8_t>(i >> 8 * b & 255);
    p.offset = i;
    p.plain_bytes = p.stored_bytes = 1;
  }
  return h;
}

TEST(HeaderFile, TheFirstIndexHoldsAtMost64Pieces) {
  for (const std::uint32_t count : {1U, 63U, 64U, 65U, 200U}) {
    const HeaderFile h = with_pieces(count);
    const Bytes whole = h.encode().value();
    EXPECT_EQ(HeaderFile::decode(whole).value(), h);
    RawHeader raw(whole);
    const std::size_t first = raw.find(SectionType::kIndex).bytes.size();
    EXPECT_EQ(first, header::kIndexHeadBytes + std::min(count, 64U) * header::kIndexPieceBytes);
    EXPECT_EQ(raw.sections.size(), count > 64 ? 4U : 3U);
  }
}

// A title of a terabyte in 4 MiB pieces.
TEST(HeaderFile, HoldsAsManyPiecesAsItMay) {
  HeaderFile h = with_pieces(kMaxPieces);
  const Bytes whole = h.encode().value();
  EXPECT_EQ(HeaderFile::decode(whole).value(), h);
  h = with_pieces(kMaxPieces + 1);
  const auto refused = h.encode();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kHeaderTooLarge);
}

TEST(HeaderFile, OtherSplitsOfTheIndexAreReadToo) {
  const HeaderFile h = with_pieces(3);
  const HeaderFile shorter = with_pieces(1);
  RawHeader raw(h.encode().value());
  const Bytes whole = raw.find(SectionType::kIndex).bytes;
  ASSERT_EQ(whole.size(), 16U + 3 * 45);
  const auto part = [&whole](std::size_t first, std::size_t count) {
    Bytes out(whole.begin(), whole.begin() + 16);
    put(out, 4, first, 4);
    put(out, 8, count, 4);
    std::size_t column = 16;
    for (const std::size_t width : {16U, 8U, 8U, 4U, 4U, 4U, 1U}) {
      const auto at = whole.begin() + static_cast<std::ptrdiff_t>(column + first * width);
      out.insert(out.end(), at, at + static_cast<std::ptrdiff_t>(count * width));
      column += 3 * width;
    }
    return out;
  };
  const auto with = [&raw](std::vector<Bytes> parts) {
    RawHeader split = raw;
    split.find(SectionType::kIndex).bytes = parts[0];
    for (std::size_t i = 1; i < parts.size(); ++i) {
      split.sections.insert(split.sections.begin() + 1 + static_cast<std::ptrdiff_t>(i),
                            {3, header::kCritical, parts[i]});
    }
    return split.build();
  };
  EXPECT_EQ(HeaderFile::decode(with({part(0, 1), part(1, 2)})).value(), h);
  EXPECT_EQ(HeaderFile::decode(with({part(0, 0), part(0, 3)})).value(), h);
  EXPECT_FALSE(HeaderFile::decode(with({part(0, 3), part(3, 0)}))) << "an empty second one";
  EXPECT_FALSE(HeaderFile::decode(with({part(0, 1), part(1, 1), part(2, 1)}))) << "three of them";
  EXPECT_FALSE(HeaderFile::decode(with({part(0, 1), part(0, 2)}))) << "overlapping";
  EXPECT_FALSE(HeaderFile::decode(with({part(0, 1), part(2, 1)}))) << "a hole";
  EXPECT_FALSE(HeaderFile::decode(with({part(0, 2)}))) << "one missing";
}

TEST(HeaderFile, CountsAreNotBelieved) {
  const Bytes whole = sample::sealed_with_ts().encode().value();
  for (const std::uint64_t absurd : {0x80000000ULL, 0xffffffffULL, 0x05f5e100ULL, 3ULL, 0ULL}) {
    const auto set = [&](SectionType type, std::size_t at) {
      RawHeader raw(whole);
      put(raw.find(type).bytes, at, absurd, 4);
      return refusal(raw.build());
    };
    const ErrorCode ranges = set(SectionType::kMediaHeader, 4);
    EXPECT_TRUE(ranges == ErrorCode::kHeaderCorrupt || ranges == ErrorCode::kHeaderTooLarge);
    if (absurd != 0) {
      EXPECT_EQ(set(SectionType::kIndex, 4), ErrorCode::kHeaderCorrupt) << "first";
    }
    EXPECT_EQ(set(SectionType::kIndex, 8), ErrorCode::kHeaderCorrupt) << "count";
    EXPECT_EQ(set(SectionType::kSeek, 4), ErrorCode::kHeaderCorrupt);
    EXPECT_EQ(set(SectionType::kHash, 4), ErrorCode::kHeaderCorrupt);
  }
}

TEST(HeaderFile, UnknownFlagsInsideSectionsAreRefused) {
  const Bytes whole = sample::sealed_with_ts().encode().value();
  RawHeader raw(whole);
  put(raw.find(SectionType::kMediaHeader).bytes, 0, 3, 4);
  EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt);
  raw = RawHeader(whole);
  put(raw.find(SectionType::kIndex).bytes, 12, 3, 4);
  EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderCorrupt);
  raw = RawHeader(whole);
  put(raw.find(SectionType::kSignature).bytes, 0, 2, 4);
  Bytes& sig = raw.find(SectionType::kSignature).bytes;
  put(sig, 100, crc32c(ByteView(sig).first(100)), 4);
  EXPECT_EQ(refusal(raw.build()), ErrorCode::kHeaderSignature) << "an unknown algorithm";
}

TEST(HeaderPreamble, SaysHowMuchToAskFor) {
  const Bytes whole = sample::plain().encode().value();
  const Result<HeaderPreamble> preamble = HeaderPreamble::decode(ByteView(whole).first(32));
  ASSERT_TRUE(preamble);
  EXPECT_EQ(preamble->size, whole.size());
  EXPECT_EQ(preamble->major, 1);
  EXPECT_EQ(HeaderPreamble::decode(ByteView(whole).first(31)).error().code,
            ErrorCode::kHeaderTruncated);
  EXPECT_EQ(HeaderPreamble::decode(as_bytes("<!DOCTYPE html>")).error().code,
            ErrorCode::kHeaderNotOne);
}

TEST(SignedPart, IsEverythingBeforeTheSignature) {
  HeaderFile h = sample::sealed_with_ts();
  const Bytes whole = h.encode().value();
  EXPECT_EQ(signed_part(whole).size(), whole.size() - 104);
  const Bytes to_sign = h.encode_unsigned_part().value();
  EXPECT_TRUE(std::ranges::equal(signed_part(whole), to_sign));
  h.signature.reset();
  EXPECT_EQ(h.encode_unsigned_part().value(), to_sign) << "the same before it is signed";
  EXPECT_TRUE(signed_part(h.encode().value()).empty());
  EXPECT_TRUE(signed_part({}).empty());
  EXPECT_TRUE(signed_part(ByteView(whole).first(whole.size() - 1)).empty());
}

}  // namespace
}  // namespace weir
