// `weir split` without its command line: a source becomes a title of a library. Either all of it
// appears, header last, or nothing does.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "companions/splitter/format_table.h"
#include "core/base/clock.h"
#include "core/title/header_file.h"

namespace weir {

enum class RenditionChoice : std::uint8_t {
  kAuto,  // both where the codecs allow it, else the file alone, with a note
  kFile,
  kTs,
  kBoth,
};

struct SplitOptions {
  std::filesystem::path source;
  std::filesystem::path library;
  std::string title;  // empty: from the file's name
  std::uint32_t piece_bytes = 4U << 20;
  Protect protect = Protect::kNone;
  std::uint32_t partial_every = 4;
  std::filesystem::path key_file;  // needed unless protect is kNone
  std::filesystem::path sign_key;  // empty: not signed
  std::string gateway;
  RenditionChoice rendition = RenditionChoice::kAuto;
  double segment_seconds = 6;
  std::string suffix = "enp";
  const ContainerFormat* format = nullptr;  // nullptr: find out
  bool force = false;     // replace a title even when another file's name stands in its header
  bool keep_old = false;  // leave the replaced revision's pieces
};

struct SplitReport {
  HeaderFile header;
  std::filesystem::path header_file;
  std::uint64_t header_bytes = 0;
  std::uint32_t fast_start_bytes = 0;
  std::vector<ByteRange> reads;  // as recorded while the source was opened
  std::uint64_t read_calls = 0;
  std::vector<std::string> warnings;
  bool key_created = false;
  bool replaced = false;
  std::size_t removed_pieces = 0;
  double seconds = 0;
};

// What is going on, for a progress bar: bytes done of all bytes to do.
using SplitProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

Result<SplitReport> split_title(const SplitOptions& options, const Clock& clock,
                                const SplitProgress& progress);

// A title id made from a file's name: its stem with everything else than letters, digits, '.', '_'
// and '-' turned into '-'.
std::string title_from_name(const std::string& file_name);

}  // namespace weir
