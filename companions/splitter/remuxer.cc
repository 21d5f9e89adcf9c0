#include "companions/splitter/remuxer.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "companions/splitter/media_probe.h"
#include "companions/splitter/packet_queue.h"
#include "companions/splitter/timeline.h"

namespace weir {
namespace {

constexpr std::size_t kTsPacket = 188;
constexpr int kOutputBuffer = 188 * 348;  // a whole number of packets
constexpr AVRational kMicroseconds{1, AV_TIME_BASE};

// Pieces are cut at the next key frame beyond this, whatever the time: room for one more GOP.
constexpr std::size_t kFullPiece = kMaxPieceBytes / 2;

constexpr std::size_t kMaxEarly = 1000;  // packets of sound kept until the first key frame

constexpr int kMaxErrors = 100;

bool fits_ts(AVCodecID codec) noexcept {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_MP3:
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3:
      return true;
    default:
      return false;
  }
}

std::string stream_name(const AVStream& stream) {
  return "stream " + std::to_string(stream.index) + " (" +
         avcodec_get_name(stream.codecpar->codec_id) + ")";
}

// Cuts the multiplexer's output into pieces, and leaves out the tables that would stand before the
// PAT (SDT: it names a broadcaster's service, which a film has none of).
class TsPieces {
 public:
  explicit TsPieces(PieceWriter& writer) : writer_(writer) {}

  Status begin(std::int64_t time_us) {
    auto buffer = writer_.take_buffer(kFullPiece / 4);
    if (!buffer) return tl::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    meta_ = Piece{};
    meta_.offset = bytes_;
    meta_.time_us = time_us;
    meta_.key_frame = true;
    open_ = true;
    return {};
  }

  Status end(std::int64_t next_time_us) {
    open_ = false;
    if (buffer_.size() == 0) return {};
    meta_.duration_us = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(next_time_us - meta_.time_us, 0, UINT32_MAX));
    bytes_ += buffer_.size();
    return writer_.add(std::move(buffer_), meta_);
  }

  bool open() const noexcept { return open_; }
  std::size_t size() const noexcept { return buffer_.size(); }
  std::int64_t time_us() const noexcept { return meta_.time_us; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  bool too_large() const noexcept { return too_large_; }

  static int on_write(void* self, std::uint8_t* data, int size) noexcept {
    auto& pieces = *static_cast<TsPieces*>(self);
    for (int at = 0; at + static_cast<int>(kTsPacket) <= size; at += static_cast<int>(kTsPacket)) {
      if (!pieces.take_packet(data + at)) return AVERROR(EFBIG);
    }
    return size;
  }

 private:
  bool take_packet(const std::uint8_t* packet) noexcept {
    const int pid = (packet[1] & 0x1f) << 8 | packet[2];
    if (pid == 0x11 || pid == 0x10) return true;  // SDT, NIT
    if (buffer_.size() + kTsPacket > kMaxPieceBytes) {
      too_large_ = true;
      return false;
    }
    std::copy_n(packet, kTsPacket, buffer_.extend(kTsPacket));
    return true;
  }

  PieceWriter& writer_;
  PieceBuffer buffer_;
  Piece meta_;
  std::uint64_t bytes_ = 0;
  bool open_ = false;
  bool too_large_ = false;
};

// FFmpeg's MPEG-TS multiplexer on our pieces.
class Muxer {
 public:
  explicit Muxer(TsPieces& pieces) : pieces_(pieces) {}

  Status open(const AVFormatContext& input, const RemuxPlan& plan) {
    AVFormatContext* context = nullptr;
    if (avformat_alloc_output_context2(&context, nullptr, "mpegts", nullptr) < 0) {
      return fail(ErrorCode::kInternal, "this FFmpeg cannot write MPEG-TS");
    }
    output_.reset(context);
    auto* buffer = static_cast<unsigned char*>(av_malloc(kOutputBuffer));
    io_.reset(avio_alloc_context(buffer, kOutputBuffer, 1, &pieces_, nullptr, TsPieces::on_write,
                                 nullptr));
    output_->pb = io_.get();
    output_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
    output_->max_delay =
        700'000;  // what the ffmpeg command has: PCR runs this far ahead of decoding
    for (const unsigned index : plan.streams) {
      const AVStream& source = *input.streams[index];
      AVStream* const stream = avformat_new_stream(output_.get(), nullptr);
      if (stream == nullptr || avcodec_parameters_copy(stream->codecpar, source.codecpar) < 0) {
        return fail(ErrorCode::kInternal, "out of memory");
      }
      stream->codecpar->codec_tag = 0;
      stream->time_base = AVRational{1, 90000};
      av_dict_copy(&stream->metadata, source.metadata, 0);  // language
      stream->disposition = source.disposition;
    }
    clear_av_message();
    const int result = avformat_write_header(output_.get(), nullptr);
    return result < 0 ? failed(result) : Status();
  }

  Status write(AVPacket& packet, std::size_t stream, const PacketTimes& times) {
    const AVRational base = output_->streams[stream]->time_base;
    packet.stream_index = static_cast<int>(stream);
    packet.pts = av_rescale_q(times.pts_us, kMicroseconds, base);
    packet.dts = av_rescale_q(times.dts_us, kMicroseconds, base);
    packet.duration = 0;
    packet.pos = -1;
    clear_av_message();
    const int result = av_write_frame(output_.get(), &packet);
    return result < 0 || output_->pb->error < 0 ? failed(result) : Status();
  }

  // Everything written so far reaches the pieces; the next packet starts with PAT and PMT.
  Status flush() {
    clear_av_message();
    const int result = av_write_frame(output_.get(), nullptr);
    avio_flush(output_->pb);
    if (result < 0 || output_->pb->error < 0) return failed(result);
    av_opt_set(output_->priv_data, "mpegts_flags", "+resend_headers", 0);
    return {};
  }

  Status close() {
    const int result = av_write_trailer(output_.get());
    avio_flush(output_->pb);
    return result < 0 || output_->pb->error < 0 ? failed(result) : Status();
  }

 private:
  Status failed(int result) const {
    if (pieces_.too_large()) {
      return fail(ErrorCode::kFormatIncorrect,
                  "no key frame for so long that a piece of the ts rendition would be over 64 MiB");
    }
    return fail(ErrorCode::kFormatIncorrect, "MPEG-TS cannot hold it: " + av_message(result));
  }

  TsPieces& pieces_;
  AvIo io_;
  AvOutput output_;
};

class Remux {
 public:
  Remux(const SourceFile& source, const RemuxOptions& options, PieceWriter& writer)
      : source_(source), options_(options), pieces_(writer), muxer_(pieces_) {}

  Result<Remuxed> run(const ContainerFormat& format,
                      const std::function<void(std::uint64_t)>& progress) {
    OpenOptions open;
    open.probe_bytes = 20 << 20;
    open.generate_timestamps = true;
    auto opened = open_demuxer(source_, format, open);
    if (!opened) return tl::unexpected(opened.error());
    opened->io->stop_recording();
    input_ = opened->input.get();
    plan_ = plan_remux(*input_);
    if (!plan_.possible()) return fail(ErrorCode::kFormatIncorrect, plan_.why_not);
    if (auto open_output = muxer_.open(*input_, plan_); !open_output) {
      return tl::unexpected(open_output.error());
    }
    timeline_.emplace(leads());
    queue_.emplace(plan_.streams.size());
    Status status = read_all(*opened->io, progress);
    if (status) status = finish();
    if (!status) return tl::unexpected(status.error());
    out_.bytes = pieces_.bytes();
    out_.source_index.settle();
    return std::move(out_);
  }

 private:
  std::vector<std::int64_t> leads() const {
    std::vector<std::int64_t> out;
    for (const unsigned index : plan_.streams) {
      const AVStream& stream = *input_->streams[index];
      const AVRational rate = stream.avg_frame_rate;
      const bool known = rate.num > 0 && rate.den > 0;
      const int delay = std::max(stream.codecpar->video_delay, 0);
      out.push_back(
          known ? av_rescale(delay, AV_TIME_BASE * static_cast<std::int64_t>(rate.den), rate.num)
                : 0);
    }
    return out;
  }

  std::optional<std::size_t> output_stream(int input_stream) const {
    const auto it =
        std::find(plan_.streams.begin(), plan_.streams.end(), static_cast<unsigned>(input_stream));
    if (it == plan_.streams.end()) return std::nullopt;
    return static_cast<std::size_t>(it - plan_.streams.begin());
  }

  Status read_all(const RecordingIo& io, const std::function<void(std::uint64_t)>& progress) {
    int errors = 0;  // in a row
    for (;;) {
      AvPacketPtr packet(av_packet_alloc());
      if (!packet) return fail(ErrorCode::kInternal, "out of memory");
      const int read = av_read_frame(input_, packet.get());
      if (!io.failure()) return io.failure();
      if (read == AVERROR_EOF) return {};
      if (read < 0) {
        // Damage in the middle: the demuxer finds its way again, or it does not.
        if (++errors > kMaxErrors) {
          return fail(ErrorCode::kFormatIncorrect, "damaged beyond reading: " + av_message(read));
        }
        continue;
      }
      errors = 0;
      if (packet->pos >= 0) progress(static_cast<std::uint64_t>(packet->pos));
      if (const auto stream = output_stream(packet->stream_index)) {
        enqueue(*stream, std::move(packet));
        if (auto ok = drain(); !ok) return ok;
      }
    }
  }

  void enqueue(std::size_t stream, AvPacketPtr packet) {
    const AVRational base = input_->streams[packet->stream_index]->time_base;
    const auto us = [&](std::int64_t t) -> std::optional<std::int64_t> {
      if (t == AV_NOPTS_VALUE) return std::nullopt;
      return av_rescale_q(t, base, kMicroseconds);
    };
    const PacketTimes times = timeline_->place(stream, us(packet->pts), us(packet->dts),
                                               us(packet->duration).value_or(0));
    if (!start_us_)
      start_us_ = input_->start_time != AV_NOPTS_VALUE ? input_->start_time : times.pts_us;
    end_us_ = std::max(end_us_, times.pts_us + us(packet->duration).value_or(0));
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (stream == 0 && key && packet->pos >= 0) {
      out_.source_index.add({static_cast<std::uint64_t>(packet->pos),
                             std::max<std::int64_t>(times.pts_us - *start_us_, 0), true});
    }
    // The queue keeps microseconds; the packet carries them too, until it is written.
    packet->pts = times.pts_us;
    packet->dts = times.dts_us;
    queue_->push(stream, times.dts_us, std::move(packet));
  }

  Status drain() {
    while (queue_->ready()) {
      PacketQueue::Entry entry = queue_->pop();
      if (auto ok = write(entry); !ok) return ok;
    }
    return {};
  }

  // A piece may start here: a key frame of the picture, or any frame when there is only sound.
  bool may_cut(const PacketQueue::Entry& entry) const {
    return entry.stream == 0 && (entry.packet->flags & AV_PKT_FLAG_KEY) != 0;
  }

  Status write(PacketQueue::Entry& entry) {
    const std::int64_t time = entry.packet->pts - start_us_.value_or(0);
    if (may_cut(entry)) {
      const std::int64_t least = static_cast<std::int64_t>(options_.segment_seconds * 1e6);
      // Compared in decoding order's clock would do as well; presentation is what playlists show. A
      // millisecond of grace: 6.000 s of frames may come to 5.9999.
      const bool due = pieces_.open() &&
                       (time - pieces_.time_us() + 1000 >= least || pieces_.size() >= kFullPiece);
      if (due || !pieces_.open()) {
        if (auto cut = cut_at(std::max<std::int64_t>(time, 0)); !cut) return cut;
      }
    }
    if (!pieces_.open()) {
      // Before the first key frame no picture can be decoded; sound may start a little earlier.
      if (entry.stream != 0) early_.push_back(std::move(entry));
      if (early_.size() > kMaxEarly) early_.pop_front();
      return {};
    }
    if (auto wrote = write_packet(entry); !wrote || early_.empty()) return wrote;
    return write_early(entry.time_us);
  }

  Status write_packet(const PacketQueue::Entry& entry) {
    return muxer_.write(*entry.packet, entry.stream, {entry.packet->pts, entry.packet->dts});
  }

  // The sound that belongs to the first picture, behind it, for a piece starts with its key frame.
  Status write_early(std::int64_t first_us) {
    for (const PacketQueue::Entry& entry : std::exchange(early_, {})) {
      if (entry.time_us < first_us - AV_TIME_BASE) continue;
      if (auto wrote = write_packet(entry); !wrote) return wrote;
    }
    return {};
  }

  Status cut_at(std::int64_t time_us) {
    if (pieces_.open()) {
      if (auto flushed = muxer_.flush(); !flushed) return flushed;
      if (auto ended = pieces_.end(time_us); !ended) return ended;
    }
    return pieces_.begin(time_us);
  }

  Status finish() {
    queue_->end();
    if (auto ok = drain(); !ok) return ok;
    if (!pieces_.open()) {
      return fail(ErrorCode::kFormatIncorrect, "no key frame in it to start the ts rendition with");
    }
    if (auto closed = muxer_.close(); !closed) return closed;
    return pieces_.end(std::max(end_us_ - start_us_.value_or(0), pieces_.time_us()));
  }

  const SourceFile& source_;
  const RemuxOptions& options_;
  TsPieces pieces_;
  Muxer muxer_;
  AVFormatContext* input_ = nullptr;
  RemuxPlan plan_;
  std::optional<Timeline> timeline_;
  std::optional<PacketQueue> queue_;
  std::deque<PacketQueue::Entry> early_;
  std::optional<std::int64_t> start_us_;
  std::int64_t end_us_ = 0;
  Remuxed out_;
};

}  // namespace

RemuxPlan plan_remux(const AVFormatContext& input) {
  RemuxPlan out;
  std::string video_problem;
  std::string audio_problem;
  std::optional<unsigned> video;
  std::vector<unsigned> audio;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    const AVStream& stream = *input.streams[i];
    const AVCodecParameters& codec = *stream.codecpar;
    const bool cover = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    const bool fits = fits_ts(codec.codec_id);
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO && !cover && fits && !video) {
      video = i;
    } else if (codec.codec_type == AVMEDIA_TYPE_AUDIO && fits && codec.sample_rate > 0) {
      audio.push_back(i);
    } else {
      out.left_out.push_back(stream_name(stream));
      if (codec.codec_type == AVMEDIA_TYPE_VIDEO && !cover) video_problem = stream_name(stream);
      if (codec.codec_type == AVMEDIA_TYPE_AUDIO) audio_problem = stream_name(stream);
    }
  }
  if (!video && !video_problem.empty()) {
    out.why_not = "MPEG-TS does not take the picture of " + video_problem + " as it is";
  } else if (audio.empty() && !audio_problem.empty()) {
    out.why_not = "MPEG-TS does not take the sound of " + audio_problem + " as it is";
  } else if (!video && audio.empty()) {
    out.why_not = "it holds no picture or sound that MPEG-TS takes";
  }
  out.has_video = video.has_value();
  if (video) out.streams.push_back(*video);
  out.streams.insert(out.streams.end(), audio.begin(), audio.end());
  return out;
}

Result<Remuxed> remux_to_ts(const SourceFile& source, const ContainerFormat& format,
                            const RemuxOptions& options, PieceWriter& writer,
                            const std::function<void(std::uint64_t)>& progress) {
  return Remux(source, options, writer).run(format, progress);
}

}  // namespace weir
