// Header files for tests: sound ones, which each test then breaks in one place.
#pragma once

#include <algorithm>

#include "core/title/header_file.h"
#include "core/title/piece_plan.h"

namespace weir::sample {

inline Uuid uuid(std::uint8_t n) {
  std::array<std::uint8_t, 16> bytes{};
  std::generate(bytes.begin(), bytes.end(), [&n] { return n++; });
  return Uuid::from_random(bytes);
}

inline Digest digest(std::uint8_t n) {
  Digest out;
  out.fill(n);
  return out;
}

inline Piece piece(const Protection& protection, std::uint32_t index, std::uint64_t offset,
                   std::uint32_t bytes, std::uint8_t seed) {
  Piece p;
  p.id = uuid(seed);
  p.offset = offset;
  p.plain_bytes = bytes;
  p.sealed = seals_piece(protection, index);
  p.stored_bytes = p.sealed ? static_cast<std::uint32_t>(sealed_length(bytes)) : bytes;
  p.time_us = 1'000'000 * std::int64_t{index};
  p.duration_us = 1'000'000;
  p.key_frame = index % 2 == 0;
  if (p.sealed) p.commitment = digest(static_cast<std::uint8_t>(seed + 100));
  p.sha256 = digest(static_cast<std::uint8_t>(seed + 50));
  return p;
}

inline TitleInfo info() {
  TitleInfo info;
  info.title = "film";
  info.revision = uuid(200);
  info.created_unix_s = 1'790'000'000;
  info.name = "My film.mp4";
  info.extension = "mp4";
  info.mime = "video/mp4";
  info.format = "mov,mp4,m4a,3gp,3g2,mj2";
  info.source_sha256 = digest(9);
  info.source_bytes = 1000;
  info.duration_us = 3'000'000;
  StreamInfo video;
  video.type = "video";
  video.codec = "h264";
  video.rfc6381 = "avc1.64001f";
  video.width = 1280;
  video.height = 720;
  video.rate_num = 30000;
  video.rate_den = 1001;
  StreamInfo audio;
  audio.type = "audio";
  audio.codec = "aac";
  audio.rate_num = 48000;
  audio.channels = 2;
  audio.language = "ja";
  info.streams = {video, audio};
  return info;
}

// 1,000 bytes: media header 0..40 and 900..1000, pieces 40..500 and 500..900.
inline HeaderFile plain() {
  HeaderFile h;
  h.info = info();
  h.media_header.ranges = {{0, 40}, {900, 100}};
  h.media_header.id = uuid(1);
  h.media_header.payload = Bytes(140, 0xab);
  Rendition file;
  file.bytes = 1000;
  file.pieces = {piece({}, 0, 40, 460, 20), piece({}, 1, 500, 400, 21)};
  file.seek = {{0, 48}, {2'000'000, 500}};
  h.renditions = {file};
  return h;
}

// The same source, every second piece sealed, with a ts rendition of three pieces, signed.
inline HeaderFile sealed_with_ts() {
  HeaderFile h = plain();
  Protection& protection = h.info.protection;
  protection = {Protect::kPartial, uuid(77), 2, "https://gateway.example/v1/keys"};
  h.media_header.sealed = true;
  h.media_header.commitment = digest(5);
  h.media_header.payload = Bytes(sealed_length(140), 0xcd);
  h.renditions[0].pieces = {piece(protection, 0, 40, 460, 20), piece(protection, 1, 500, 400, 21)};
  Rendition ts;
  ts.kind = RenditionKind::kTs;
  ts.bytes = 188 * 9;
  for (std::uint32_t i = 0; i < 3; ++i) {
    ts.pieces.push_back(piece(protection, i, 564U * i, 564, static_cast<std::uint8_t>(30 + i)));
  }
  h.renditions.push_back(ts);
  h.signature = HeaderSignature{};
  h.signature->public_key.fill(3);
  h.signature->signature.fill(4);
  return h;
}

}  // namespace weir::sample
