#include "companions/splitter/media_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "companions/splitter/codec_string.h"
#include "companions/splitter/mp4_boxes.h"
#include "runtime/interrupt.h"

namespace weir {
namespace {

// The steps in which a demuxer that learns its streams from the packets may look further. The
// record is that of the first step which is enough.
constexpr std::array<std::int64_t, 9> kProbeSteps{0,       32 << 10, 64 << 10, 128 << 10, 256 << 10,
                                                  1 << 20, 2 << 20,  5 << 20,  20 << 20};
constexpr std::int64_t kFullProbe = 20 << 20;
constexpr int kRecordBuffer = 4096;

// Demuxers must not open further files (concat lists, external tracks, playlists).
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

Error no_film(const SourceFile& source, const std::string& why) {
  return {ErrorCode::kFormatIncorrect, source.path().string() + ": " + why};
}

const AVInputFormat* recognise(Bytes& head, std::size_t size, int* score) {
  AVProbeData data{};
  data.filename = "";  // by contents: a name proves nothing
  data.buf = head.data();
  data.buf_size = static_cast<int>(size);
  *score = 0;
  // Everything FFmpeg knows takes part, so that a picture is known as one.
  return av_probe_input_format3(&data, 1, score);
}

struct Recognised {
  const AVInputFormat* demuxer = nullptr;
  int score = 0;
};

// As FFmpeg does it: more and more of the start, until something is sure enough.
Result<Recognised> recognise(const SourceFile& source) {
  Recognised best;
  for (std::uint64_t want = 4096; want <= (1U << 20); want *= 4) {
    const std::uint64_t have = std::min(want, source.size());
    Bytes head(have + AVPROBE_PADDING_SIZE);
    if (auto read = source.read({head.data(), have}, 0); !read) {
      return tl::unexpected(read.error());
    }
    best.demuxer = recognise(head, have, &best.score);
    if (best.score > AVPROBE_SCORE_RETRY || have == source.size()) break;
  }
  return best;
}

Result<const ContainerFormat*> find_out_format(const SourceFile& source,
                                               const ContainerFormat* demanded) {
  const auto found = recognise(source);
  if (!found) return tl::unexpected(found.error());
  const ContainerFormat* const format = format_of_demuxer(found->demuxer);
  // FFmpeg gives a low score where it only guesses: noise looks like MPEG to it now and then.
  const bool sure = found->score > AVPROBE_SCORE_RETRY;
  if (format != nullptr && (sure || format == demanded)) {
    if (demanded == nullptr || demanded == format) return format;
    return tl::unexpected(no_film(
        source, "it is " + std::string(format->name) + ", not " + std::string(demanded->name)));
  }
  if (found->demuxer != nullptr && sure) {
    const char* const name =
        found->demuxer->long_name != nullptr ? found->demuxer->long_name : found->demuxer->name;
    return tl::unexpected(no_film(source, "it is no film or sound (" + std::string(name) + ")"));
  }
  return tl::unexpected(no_film(source, demanded != nullptr
                                            ? "it is not " + std::string(demanded->name)
                                            : "it is none of " + format_names()));
}

bool is_cover(const AVStream& stream) noexcept {
  return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
}

bool is_complete(const AVCodecParameters& stream) noexcept {
  if (stream.codec_id == AV_CODEC_ID_NONE) return false;
  if (stream.codec_type == AVMEDIA_TYPE_VIDEO) return stream.width > 0 && stream.height > 0;
  if (stream.codec_type == AVMEDIA_TYPE_AUDIO) {
    return stream.sample_rate > 0 && stream.ch_layout.nb_channels > 0;
  }
  return false;
}

// Whether `input` knows about every stream that the full probe found playable.
bool knows_as_much(const AVFormatContext& input, const AVFormatContext& full) {
  for (unsigned i = 0; i < full.nb_streams; ++i) {
    const AVStream& wanted = *full.streams[i];
    if (!is_complete(*wanted.codecpar)) continue;
    bool found = false;
    for (unsigned j = 0; j < input.nb_streams && !found; ++j) {
      const AVStream& have = *input.streams[j];
      found = have.id == wanted.id && have.codecpar->codec_id == wanted.codecpar->codec_id &&
              is_complete(*have.codecpar);
    }
    if (!found) return false;
  }
  return true;
}

std::string language_of(const AVStream& stream) {
  const AVDictionaryEntry* const tag = av_dict_get(stream.metadata, "language", nullptr, 0);
  if (tag == nullptr) return {};
  const std::string text = tag->value;
  const bool plain =
      text.size() >= 2 && text.size() <= 35 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
      });
  return plain && text != "und" ? text : std::string();
}

StreamInfo describe(const AVStream& stream) {
  const AVCodecParameters& codec = *stream.codecpar;
  StreamInfo out;
  const char* const type = av_get_media_type_string(codec.codec_type);
  const bool known = codec.codec_type == AVMEDIA_TYPE_VIDEO ||
                     codec.codec_type == AVMEDIA_TYPE_AUDIO ||
                     codec.codec_type == AVMEDIA_TYPE_SUBTITLE;
  out.type = known && !is_cover(stream) && type != nullptr ? type : "data";
  out.codec = avcodec_get_name(codec.codec_id);
  out.language = language_of(stream);
  if (out.type == "video") {
    out.rfc6381 = codec_string(codec);
    out.width = static_cast<std::uint32_t>(std::max(codec.width, 0));
    out.height = static_cast<std::uint32_t>(std::max(codec.height, 0));
    const AVRational rate =
        stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
    if (rate.num > 0 && rate.den > 0) {
      out.rate_num = static_cast<std::uint32_t>(rate.num);
      out.rate_den = static_cast<std::uint32_t>(rate.den);
    }
  } else if (out.type == "audio") {
    out.rfc6381 = codec_string(codec);
    out.channels = static_cast<std::uint32_t>(std::max(codec.ch_layout.nb_channels, 0));
    out.rate_num = static_cast<std::uint32_t>(std::max(codec.sample_rate, 0));
  }
  return out;
}

// What plays: the first complete video stream that is no cover picture, else the first audio
// stream.
std::optional<unsigned> main_stream(const AVFormatContext& input) {
  for (const AVMediaType type : {AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO}) {
    for (unsigned i = 0; i < input.nb_streams; ++i) {
      const AVStream& stream = *input.streams[i];
      if (stream.codecpar->codec_type == type && is_complete(*stream.codecpar) &&
          !is_cover(stream)) {
        return i;
      }
    }
  }
  return std::nullopt;
}

// A demuxer may open what it cannot play: at least one packet has to come out.
Status check_playable(const SourceFile& source, AVFormatContext& input, RecordingIo& io,
                      unsigned stream) {
  const AvPacketPtr packet(av_packet_alloc());
  clear_av_message();
  for (int tries = 0; tries < 10000; ++tries) {
    const int read = av_read_frame(&input, packet.get());
    if (!io.failure()) return io.failure();
    if (read < 0) break;
    const bool ours = packet->stream_index == static_cast<int>(stream) && packet->size > 0;
    av_packet_unref(packet.get());
    if (ours) return {};
  }
  return tl::unexpected(no_film(source, "not one frame can be read from it"));
}

// The demuxer's own index of the stream that plays. For cost, of the frames between key frames only
// one a quarter MiB is kept.
void take_index(AVFormatContext& input, unsigned stream_index, std::uint64_t source_bytes,
                TimeIndex& out) {
  AVStream& stream = *input.streams[stream_index];
  const std::int64_t start = input.start_time == AV_NOPTS_VALUE ? 0 : input.start_time;
  std::int64_t last_offset = -(1 << 30);
  const int count = avformat_index_get_entries_count(&stream);
  for (int i = 0; i < count; ++i) {
    const AVIndexEntry* const entry = avformat_index_get_entry(&stream, i);
    if (entry == nullptr || entry->pos < 0 || entry->timestamp == AV_NOPTS_VALUE) continue;
    const bool key = (entry->flags & AVINDEX_KEYFRAME) != 0;
    if (!key && entry->pos - last_offset < (256 << 10)) continue;
    // The index of a film that lost its end speaks of frames that are not there.
    if (static_cast<std::uint64_t>(entry->pos) >= source_bytes) continue;
    last_offset = entry->pos;
    const std::int64_t time =
        av_rescale_q(entry->timestamp, stream.time_base, AVRational{1, AV_TIME_BASE}) - start;
    out.add({static_cast<std::uint64_t>(entry->pos), std::max<std::int64_t>(time, 0), key});
  }
  out.settle();
}

struct Recorded {
  std::vector<ByteRange> reads;
  std::uint64_t calls = 0;
};

// Opens the source again as a player would, looking no further than needed to know what `full`
// knows, and gives back what was read.
Result<Recorded> record_opening(const SourceFile& source, const ContainerFormat& format,
                                const AVFormatContext& full) {
  Recorded out;
  for (const std::int64_t step : kProbeSteps) {
    OpenOptions options;
    options.buffer_bytes = kRecordBuffer;
    options.probe_bytes = step;
    options.estimate_duration = false;
    const auto opened = open_demuxer(source, format, options);
    // A demuxer that gives up so early gets to see more.
    if (!opened && opened.error().code != ErrorCode::kFormatIncorrect) {
      return tl::unexpected(opened.error());
    }
    if (!opened) continue;
    out = {opened->io->reads(), opened->io->calls()};
    if (knows_as_much(*opened->input, full)) break;
  }
  return out;
}

}  // namespace

Result<OpenedSource> open_demuxer(const SourceFile& source, const ContainerFormat& format,
                                  const OpenOptions& options) {
  quiet_av_log();
  clear_av_message();
  OpenedSource out;
  out.io = std::make_unique<RecordingIo>(source, options.buffer_bytes);
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return fail(ErrorCode::kInternal, "out of memory");
  context->pb = out.io->context();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  if (options.generate_timestamps) context->flags |= AVFMT_FLAG_GENPTS;
  context->io_open = refuse_open;
  context->skip_estimate_duration_from_pts = options.estimate_duration ? 0 : 1;
  // Some demuxers (MPEG-TS) read this much while they open.
  context->probesize = std::max<std::int64_t>(options.probe_bytes, 32 << 10);
  if (!options.estimate_duration) context->fps_probe_size = 0;
  // Frees the context when it fails.
  int result = avformat_open_input(&context, source.name().c_str(), demuxer_of(format), nullptr);
  if (result >= 0) {
    out.input.reset(context);
    if (options.probe_bytes > 0) result = avformat_find_stream_info(context, nullptr);
  }
  if (!out.io->failure()) return tl::unexpected(out.io->failure().error());
  if (result < 0) return tl::unexpected(no_film(source, av_message(result)));
  return out;
}

Result<MediaProbe> probe_media(const SourceFile& source, const ContainerFormat* demanded) {
  quiet_av_log();
  const auto format = find_out_format(source, demanded);
  if (!format) return tl::unexpected(format.error());
  OpenOptions options;
  options.probe_bytes = kFullProbe;
  const auto full = open_demuxer(source, **format, options);
  if (!full) return tl::unexpected(full.error());
  AVFormatContext& input = *full->input;
  const std::optional<unsigned> plays = main_stream(input);
  if (!plays)
    return tl::unexpected(no_film(source, "it holds no picture or sound that can be played"));

  MediaProbe out;
  out.format = *format;
  out.duration_us = std::max<std::int64_t>(input.duration, 0);  // AV_NOPTS_VALUE is negative
  for (unsigned i = 0; i < input.nb_streams && out.streams.size() < 32; ++i) {
    out.streams.push_back(describe(*input.streams[i]));
  }
  const bool has_video = input.streams[*plays]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
  out.extension = extension_for(**format, source.name());
  // Sound alone in .mp4 is what people call .m4a; the name they gave it stays.
  out.mime = mime_for(**format, out.extension, has_video);
  if (auto playable = check_playable(source, input, *full->io, *plays); !playable) {
    return tl::unexpected(playable.error());
  }
  auto recorded = record_opening(source, **format, input);
  if (!recorded) return tl::unexpected(recorded.error());
  out.reads = std::move(recorded->reads);
  out.read_calls = recorded->calls;

  if ((*format)->name == "mkv" || (*format)->name == "asf") {
    // These read their index only when somebody seeks.
    avformat_seek_file(&input, -1, INT64_MIN, out.duration_us / 2, INT64_MAX, 0);
    if (!full->io->failure()) return tl::unexpected(full->io->failure().error());
  }
  take_index(input, *plays, source.size(), out.index);
  if ((*format)->name == "mp4") {
    for (std::string& warning : warn_about_mp4(source)) out.warnings.push_back(std::move(warning));
  }
  return out;
}

}  // namespace weir
