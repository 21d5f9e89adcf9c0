// The 4 KiB at the start of every store file: what the bytes after it are, so that a file says by
// itself whether it can be served. The body starts at byte kObjectHeadSize, page aligned, so that
// any range of it is one sendfile.
//
//   0  "WEIRSTO1"   8  u32 CRC-32C of all that follows it   12  u32 flags   16  u64 total (~0:
//   unknown) 24 u64 created (s)   32 i64 last modified   40 i64 fresh until   48 u32 block size 52
//   u16 key length, key; u8 ETag length, ETag; u8 type length, type; zeros
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/store/object_entry.h"

namespace weir {

inline constexpr std::size_t kObjectHeadSize = 4096;
inline constexpr std::size_t kMaxObjectKey = 3072;

struct ObjectHead {
  std::string key;
  std::uint64_t total = kUnknownTotal;
  std::int64_t created = 0;
  std::uint32_t block_size = 0;
  bool complete = false;  // all `total` bytes are in the file
  ObjectMeta meta;

  // Refuses a key longer than kMaxObjectKey (kBadArgument).
  Result<std::array<std::uint8_t, kObjectHeadSize>> encode() const;
  // Refuses (kIo) what is shorter than kObjectHeadSize, has another magic, or a wrong CRC.
  static Result<ObjectHead> decode(ByteView in);
};

}  // namespace weir
