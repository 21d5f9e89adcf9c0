// HeaderFile::decode() on a stranger's bytes, as they are and with mended checksums (which no
// mutation would find). What decodes encodes, and decodes to itself again.
#include <algorithm>

#include "core/base/crc32c.h"
#include "core/title/header_file.h"
#include "core/title/header_sections.h"
#include "core/title/title_reader.h"
#include "t/fuzz/fuzz.h"

namespace weir {
namespace {

void put_u32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i) & 255);
  }
}

// Right checksums for whatever the table says, as far as it lies within the file.
Bytes mended(ByteView in) {
  Bytes out(in.begin(), in.end());
  if (out.size() < header::kPreambleBytes) return out;
  const std::uint32_t announced = ByteReader(in.subspan(20)).u32();
  const std::size_t room = (in.size() - header::kPreambleBytes) / header::kEntryBytes;
  const std::size_t sections = std::min<std::size_t>(announced, room);
  ByteReader table(in.subspan(header::kPreambleBytes));
  for (std::size_t i = 0; i < sections; ++i) {
    const std::uint16_t type = table.u16();
    table.u16();
    table.u32();
    const std::uint64_t offset = table.u64();
    const std::uint64_t length = table.u64();
    if (offset > in.size() || length > in.size() - offset) continue;
    if (type == 6 && length == header::kSignatureBytes) {
      put_u32(out, offset + header::kSignatureChecked,
              crc32c(in.subspan(offset, header::kSignatureChecked)));
    } else {
      const std::size_t at = header::kPreambleBytes + i * header::kEntryBytes + 4;
      put_u32(out, at, type == 6 ? 0 : crc32c(in.subspan(offset, length)));
    }
  }
  const ByteView rows =
      ByteView(out).subspan(header::kPreambleBytes, sections * header::kEntryBytes);
  put_u32(out, header::kPreambleChecked,
          crc32c(rows, crc32c(ByteView(out).first(header::kPreambleChecked))));
  return out;
}

void try_decode(ByteView in) {
  const Result<HeaderFile> h = HeaderFile::decode(in);
  if (!h) {
    fuzz::must(!h.error().detail.empty(), "a refusal says why");
    return;
  }
  const Result<Bytes> encoded = h->encode();
  fuzz::must(encoded.has_value(), "what decodes encodes");
  // Another split of the index costs a table entry and a head.
  fuzz::must(encoded->size() <= in.size() + 64, "encoding adds next to nothing");
  const Result<HeaderFile> again = HeaderFile::decode(*encoded);
  fuzz::must(again && *again == *h, "what was encoded decodes to the same");
  fuzz::must(again->encode().value() == *encoded, "and has one spelling");
  fuzz::must(signed_part(in).empty() != h->signature.has_value(), "a signature signs something");
  for (const Rendition& rendition : h->renditions) {
    const TitleReader reader(*h, rendition.kind);
    std::uint64_t at = 0;
    for (int i = 0; i < 100 && at < reader.size(); ++i) {
      const auto span = reader.span_at(at, reader.size() - at);
      fuzz::must(span && span->length >= 1, "every byte lies somewhere");
      at += span->length;
    }
  }
}

}  // namespace
}  // namespace weir

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView in(data, size);
  (void)weir::HeaderPreamble::decode(in);
  weir::try_decode(in);
  weir::try_decode(weir::mended(in));
  return 0;
}
