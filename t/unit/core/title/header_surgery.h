// Takes an encoded header file apart and puts it together again with right checksums, so that a
// test can break one rule and no other.
#pragma once

#include "core/base/crc32c.h"
#include "core/title/header_sections.h"

namespace weir::sample {

struct RawSection {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  Bytes bytes;
};

struct RawHeader {
  std::uint16_t major = 1;
  std::uint16_t minor = 0;
  std::uint32_t flags = 0;
  std::vector<RawSection> sections;
  std::int64_t fast_start_error = 0;  // added to the right value

  explicit RawHeader(ByteView encoded) {
    ByteReader in(encoded);
    in.take(20);
    const std::uint32_t count = in.u32();
    in.take(8);
    for (std::uint32_t i = 0; i < count; ++i) {
      RawSection section;
      section.type = in.u16();
      section.flags = in.u16();
      in.u32();
      const std::uint64_t offset = in.u64();
      const std::uint64_t length = in.u64();
      const ByteView bytes = encoded.subspan(offset, length);
      section.bytes.assign(bytes.begin(), bytes.end());
      sections.push_back(std::move(section));
    }
  }

  // The nth section of this type.
  RawSection& find(header::SectionType type, std::size_t nth = 0) {
    for (RawSection& section : sections) {
      if (section.type == static_cast<std::uint16_t>(type) && nth-- == 0) return section;
    }
    return sections.at(sections.size());
  }

  struct TableEntry {
    std::uint32_t crc = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  std::vector<TableEntry> table() const {
    std::vector<TableEntry> out;
    std::uint64_t at = header::kPreambleBytes + sections.size() * header::kEntryBytes;
    for (const RawSection& section : sections) {
      const bool signature = section.type == 6;
      out.push_back({signature ? 0 : crc32c(section.bytes), at, section.bytes.size()});
      at += section.bytes.size();
    }
    return out;
  }

  Bytes build() const { return build_with(table()); }

  // With a table of the test's own making; its checksum is right all the same.
  Bytes build_with(const std::vector<TableEntry>& entries) const {
    std::uint64_t size = header::kPreambleBytes + sections.size() * header::kEntryBytes;
    std::uint64_t fast_start = 0;
    for (const RawSection& section : sections) {
      size += section.bytes.size();
      if (section.type == 3 && fast_start == 0) fast_start = size;
    }
    ByteWriter out;
    out.bytes(as_bytes("ENPH"));
    out.u16(major);
    out.u16(minor);
    out.u32(flags);
    out.u64(size);
    out.u32(static_cast<std::uint32_t>(sections.size()));
    out.u32(static_cast<std::uint32_t>(static_cast<std::int64_t>(fast_start) + fast_start_error));
    ByteWriter rows;
    for (std::size_t i = 0; i < sections.size(); ++i) {
      rows.u16(sections[i].type);
      rows.u16(sections[i].flags);
      rows.u32(entries[i].crc);
      rows.u64(entries[i].offset);
      rows.u64(entries[i].length);
    }
    out.u32(crc32c(rows.out(), crc32c(out.out())));
    out.bytes(rows.out());
    for (const RawSection& section : sections) out.bytes(section.bytes);
    return std::move(out).take();
  }
};

// Writes `value` big-endian over the bytes at `at`.
inline void put(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)) & 255);
  }
}

}  // namespace weir::sample
