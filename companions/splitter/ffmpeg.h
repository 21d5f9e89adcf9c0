// The door to FFmpeg: its headers, owners for its handles, its errors as ours.
#pragma once

#include <memory>
#include <string>

// FFmpeg's headers are C and know neither C++ nor our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavformat/avio.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
}
#pragma GCC diagnostic pop

namespace weir {

struct AvInputClose {
  void operator()(AVFormatContext* context) const noexcept { avformat_close_input(&context); }
};
using AvInput = std::unique_ptr<AVFormatContext, AvInputClose>;

struct AvOutputFree {
  void operator()(AVFormatContext* context) const noexcept { avformat_free_context(context); }
};
using AvOutput = std::unique_ptr<AVFormatContext, AvOutputFree>;

struct AvPacketFree {
  void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
using AvPacketPtr = std::unique_ptr<AVPacket, AvPacketFree>;

// An AVIOContext made by avio_alloc_context, with its buffer.
struct AvIoFree {
  void operator()(AVIOContext* io) const noexcept {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
using AvIo = std::unique_ptr<AVIOContext, AvIoFree>;

// What FFmpeg says about a failed call. When it logged an error on this thread since the last
// clear_av_message(), that, because "moov atom not found" helps more than "Invalid data".
std::string av_message(int error);
void clear_av_message() noexcept;

// Keeps FFmpeg's own messages off stderr and notes the last error of each thread. Once, early; more
// often does no harm.
void quiet_av_log() noexcept;

}  // namespace weir
