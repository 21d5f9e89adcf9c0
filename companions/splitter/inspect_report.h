// A header file for an admin's eyes: what the title is, and its connection information as tables,
// so that it can be seen why a film starts fast or slow. Text only; ends every line.
#pragma once

#include <string>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

struct ReportSizes {
  std::uint64_t header_bytes = 0;
  std::uint32_t fast_start_bytes = 0;
};

std::string title_report(const HeaderFile& header, const ReportSizes& sizes);

// "starts with 47,312 bytes in one request".
std::string start_report(const ReportSizes& sizes);

// The demuxer's reads while it opened the source, as recorded.
std::string reads_table(const std::vector<ByteRange>& reads, std::uint64_t calls);
std::string ranges_table(const MediaHeader& media_header);
std::string pieces_table(const Rendition& rendition);

}  // namespace weir
