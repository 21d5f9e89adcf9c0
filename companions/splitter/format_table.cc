#include "companions/splitter/format_table.h"

#include <algorithm>
#include <array>

#include "companions/splitter/ffmpeg.h"

namespace weir {
namespace {

constexpr std::array kFormats{
    ContainerFormat{"mp4", "mov", "mp4,m4v,mov,m4a,m4b,3gp,3g2,qt,f4v", "video/mp4", "audio/mp4"},
    ContainerFormat{"mkv", "matroska", "mkv,webm,mka,mk3d,weba", "video/x-matroska",
                    "audio/x-matroska"},
    ContainerFormat{"avi", "avi", "avi,divx", "video/x-msvideo", "video/x-msvideo"},
    ContainerFormat{"mpeg", "mpeg", "mpg,mpeg,vob,ps,m2p", "video/mpeg", "video/mpeg"},
    ContainerFormat{"ts", "mpegts", "ts,m2ts,mts,m2t,mpegts,trp,tp", "video/mp2t", "video/mp2t"},
    ContainerFormat{"asf", "asf", "asf,wmv,wma", "video/x-ms-asf", "audio/x-ms-wma"},
    ContainerFormat{"flv", "flv", "flv", "video/x-flv", "video/x-flv"},
    ContainerFormat{"ogg", "ogg", "ogv,ogg,oga,opus,ogm", "video/ogg", "audio/ogg"},
    ContainerFormat{"mp3", "mp3", "mp3", "audio/mpeg", "audio/mpeg"},
    ContainerFormat{"aac", "aac", "aac", "audio/aac", "audio/aac"},
    ContainerFormat{"flac", "flac", "flac", "audio/flac", "audio/flac"},
    ContainerFormat{"wav", "wav", "wav", "audio/wav", "audio/wav"},
    ContainerFormat{"mxf", "mxf", "mxf", "application/mxf", "application/mxf"},
};

bool listed(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

const ContainerFormat* find_format(std::string_view name) noexcept {
  for (const ContainerFormat& format : kFormats) {
    if (format.name == name || listed(format.extensions, name)) return &format;
  }
  return nullptr;
}

const ContainerFormat* format_of_demuxer(const AVInputFormat* demuxer) noexcept {
  if (demuxer == nullptr) return nullptr;
  for (const ContainerFormat& format : kFormats) {
    if (listed(demuxer->name, format.demuxer)) return &format;
  }
  return nullptr;
}

const AVInputFormat* demuxer_of(const ContainerFormat& format) noexcept {
  return av_find_input_format(std::string(format.demuxer).c_str());
}

std::string format_names() {
  std::string out;
  for (const ContainerFormat& format : kFormats) {
    out += (out.empty() ? "" : ", ") + std::string(format.name);
  }
  return out;
}

std::string extension_for(const ContainerFormat& format, std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string own = lower(file_name.substr(dot + 1));
    if (listed(format.extensions, own)) return own;
  }
  return std::string(format.extensions.substr(0, format.extensions.find(',')));
}

std::string mime_for(const ContainerFormat& format, std::string_view extension, bool has_video) {
  if (extension == "webm" || extension == "weba") return has_video ? "video/webm" : "audio/webm";
  if (extension == "mov" || extension == "qt") return "video/quicktime";
  return std::string(has_video ? format.video_mime : format.audio_mime);
}

}  // namespace weir
