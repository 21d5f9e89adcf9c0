// The container formats Weir splits: FFmpeg's demuxers by the names people use. Only these are ever
// tried: FFmpeg's others take any text or picture for a film, or open further files by themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct AVInputFormat;

namespace weir {

struct ContainerFormat {
  std::string_view name;     // canonical: what --format takes
  std::string_view demuxer;  // FFmpeg's name, or the first of its names
  std::string_view
      extensions;  // comma-separated; the first is the default; all are names for --format too
  std::string_view video_mime;
  std::string_view audio_mime;
};

// By what --format takes: a name, an extension ("mpg", "wmv", "m2ts"); nullptr for anything else.
const ContainerFormat* find_format(std::string_view name) noexcept;
// By the demuxer that recognised a file; nullptr when it is none of ours.
const ContainerFormat* format_of_demuxer(const AVInputFormat* demuxer) noexcept;
const AVInputFormat* demuxer_of(const ContainerFormat& format) noexcept;

// "mp4, mkv, avi, …" for messages.
std::string format_names();

// The extension of file.EXT links: the source's own when it is usual for the format, else the
// format's default. Lower case.
std::string extension_for(const ContainerFormat& format, std::string_view file_name);
std::string mime_for(const ContainerFormat& format, std::string_view extension, bool has_video);

}  // namespace weir
