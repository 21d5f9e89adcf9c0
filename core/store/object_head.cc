#include "core/store/object_head.h"

#include <algorithm>

#include "core/base/crc32c.h"

namespace weir {

namespace {

constexpr std::string_view kMagic = "WEIRSTO1";
constexpr std::size_t kChecked = 12;  // where the checksummed part begins
constexpr std::uint32_t kComplete = 1;

}  // namespace

Result<std::array<std::uint8_t, kObjectHeadSize>> ObjectHead::encode() const {
  if (key.size() > kMaxObjectKey) return fail(ErrorCode::kBadArgument, "the key is too long");
  ByteWriter body;
  body.u32(complete ? kComplete : 0);
  body.u64(total);
  body.u64(static_cast<std::uint64_t>(created));
  body.u64(static_cast<std::uint64_t>(meta.last_modified));
  body.u64(static_cast<std::uint64_t>(meta.fresh_until));
  body.u32(block_size);
  body.u16(static_cast<std::uint16_t>(key.size()));
  body.bytes(as_bytes(key));
  body.u8(meta.etag.length);
  body.bytes(as_bytes(meta.etag.view()));
  body.u8(meta.content_type.length);
  body.bytes(as_bytes(meta.content_type.view()));
  body.out().resize(kObjectHeadSize - kChecked);

  ByteWriter head;
  head.bytes(as_bytes(kMagic));
  head.u32(crc32c(body.out()));
  head.bytes(body.out());
  std::array<std::uint8_t, kObjectHeadSize> out;
  std::copy_n(head.out().begin(), out.size(), out.begin());
  return out;
}

Result<ObjectHead> ObjectHead::decode(ByteView in) {
  if (in.size() < kObjectHeadSize) return fail(ErrorCode::kIo, "store file: shorter than its head");
  in = in.first(kObjectHeadSize);
  ByteReader reader(in);
  if (as_chars(reader.take(kMagic.size())) != kMagic) {
    return fail(ErrorCode::kIo, "store file: not one of ours");
  }
  if (reader.u32() != crc32c(in.subspan(kChecked))) {
    return fail(ErrorCode::kIo, "store file: the head's checksum is wrong");
  }
  ObjectHead head;
  head.complete = (reader.u32() & kComplete) != 0;
  head.total = reader.u64();
  head.created = static_cast<std::int64_t>(reader.u64());
  head.meta.last_modified = static_cast<std::int64_t>(reader.u64());
  head.meta.fresh_until = static_cast<std::int64_t>(reader.u64());
  head.block_size = reader.u32();
  head.key = as_chars(reader.take(reader.u16()));
  const bool etag = head.meta.etag.assign(as_chars(reader.take(reader.u8())));
  const bool type = head.meta.content_type.assign(as_chars(reader.take(reader.u8())));
  if (!reader.ok() || !etag || !type || head.key.size() > kMaxObjectKey) {
    return fail(ErrorCode::kIo, "store file: the head is damaged");
  }
  return head;
}

}  // namespace weir
