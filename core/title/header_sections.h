// What the parts of the header-file code share; nothing here is for others.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/title/header_file.h"

namespace weir::header {

inline constexpr std::string_view kMagic = "ENPH";
inline constexpr std::uint16_t kMajor = 1;
inline constexpr std::uint16_t kMinor = 0;
inline constexpr std::size_t kPreambleBytes = 32;
inline constexpr std::size_t kPreambleChecked = 28;  // what comes before the crc32c
inline constexpr std::size_t kEntryBytes = 24;
inline constexpr std::uint32_t kMaxSections = 64;
inline constexpr std::size_t kFirstIndexPieces = 64;
inline constexpr std::size_t kMaxStreams = 32;

enum class SectionType : std::uint16_t {
  kCore = 1,
  kMediaHeader = 2,
  kIndex = 3,
  kSeek = 4,
  kHash = 5,
  kSignature = 6,
};
inline constexpr std::uint16_t kCritical = 1;  // flag of a table entry

// Those of no known type: true for none of them.
constexpr bool is_critical(SectionType type) noexcept {
  return type != SectionType::kSeek && type != SectionType::kSignature;
}

inline constexpr std::uint32_t kFlagSealed = 1;       // MHDR
inline constexpr std::uint32_t kFlagCommitments = 1;  // IDX
inline constexpr std::uint8_t kPieceKeyFrame = 1;
inline constexpr std::uint8_t kPieceSealed = 2;

inline constexpr std::size_t kIndexHeadBytes = 16;
inline constexpr std::size_t kIndexPieceBytes = 45;  // without the commitment column
inline constexpr std::uint32_t kEd25519 = 1;
inline constexpr std::size_t kSignatureBytes = 104;
inline constexpr std::size_t kSignatureChecked = 100;  // what comes before its crc32c

// CORE. What decode_core() gives has the renditions' kinds and sizes, and in `pieces` their number;
// check_header() has still to look at the values.
struct Core {
  TitleInfo info;
  struct RenditionSize {
    RenditionKind kind = RenditionKind::kFile;
    std::uint64_t bytes = 0;
    std::uint64_t pieces = 0;
  };
  std::vector<RenditionSize> renditions;
};
Bytes encode_core(const HeaderFile& header);
Result<Core> decode_core(ByteView in);

// Every rule that a HeaderFile keeps, whoever made it: kHeaderTooLarge for a limit, `code` for
// anything else. O(n log n) in the number of pieces.
Status check_header(const HeaderFile& header, ErrorCode code);

}  // namespace weir::header
