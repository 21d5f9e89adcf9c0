// A small title made in memory: source bytes, header file, pieces as stored, content key. The same
// seed gives the same source; UUIDs and sealed bytes are new each time.
#pragma once

#include <map>
#include <random>
#include <string>

#include "core/title/header_file.h"
#include "core/title/piece_plan.h"
#include "crypto/content_key.h"
#include "crypto/digest.h"
#include "crypto/piece_cipher.h"

namespace weir {

struct FakeFilm {
  HeaderFile header;
  Bytes header_bytes;
  Bytes source;
  std::map<std::string, Bytes> pieces;  // stored bytes by UUID
  ContentKey key = ContentKey::random();

  const Rendition& file() const { return header.renditions.front(); }
};

struct FakeFilmOptions {
  std::string title = "film";
  std::size_t bytes = 1'000'003;
  std::uint32_t piece_bytes = 150'000;
  Protect protect = Protect::kNone;
  bool media_header = true;
  bool ts = false;  // with a ts rendition as well: the same bytes once more
  unsigned seed = 1;
};

namespace fake_film {

inline Bytes sealed(const FakeFilm& film, const Uuid& id, std::uint32_t index, ByteView plain,
                    Digest& commitment) {
  const TitleInfo& info = film.header.info;
  PieceCipher cipher(film.key, {.title = info.title,
                                .kid = info.protection.kid,
                                .piece = id,
                                .index = index,
                                .plain_bytes = plain.size()});
  commitment = cipher.commitment();
  return cipher.seal(plain).value();
}

inline Piece add_piece(FakeFilm& film, const ByteRange& range, std::uint32_t index) {
  const ByteView plain = ByteView(film.source).subspan(range.offset, range.length);
  Piece piece;
  piece.id = random_uuid();
  piece.offset = range.offset;
  piece.plain_bytes = static_cast<std::uint32_t>(range.length);
  piece.sealed = seals_piece(film.header.info.protection, index);
  Bytes stored(plain.begin(), plain.end());
  if (piece.sealed) stored = sealed(film, piece.id, index, plain, piece.commitment);
  piece.stored_bytes = static_cast<std::uint32_t>(stored.size());
  piece.sha256 = sha256(stored);
  film.pieces[piece.id.to_string()] = std::move(stored);
  return piece;
}

}  // namespace fake_film

inline FakeFilm make_film(const FakeFilmOptions& options = {}) {
  FakeFilm film;
  std::mt19937_64 random(options.seed);
  film.source.resize(options.bytes);
  for (std::uint8_t& byte : film.source) byte = static_cast<std::uint8_t>(random());

  TitleInfo& info = film.header.info;
  info.title = options.title;
  info.revision = random_uuid();
  info.name = options.title + ".mp4";
  info.extension = "mp4";
  info.mime = "video/mp4";
  info.format = "mp4";
  info.source_bytes = film.source.size();
  info.source_sha256 = sha256(film.source);
  info.protection.policy = options.protect;
  if (options.protect != Protect::kNone) info.protection.kid = film.key.kid();
  if (options.protect == Protect::kPartial) info.protection.every = 2;

  MediaHeader& media = film.header.media_header;
  if (options.media_header) {
    media.ranges = {{0, 3000}, {film.source.size() - 1000, 1000}};
    media.id = random_uuid();
    Bytes plain(film.source.begin(), film.source.begin() + 3000);
    plain.insert(plain.end(), film.source.end() - 1000, film.source.end());
    media.sealed = options.protect != Protect::kNone;
    media.payload =
        media.sealed ? fake_film::sealed(film, media.id, kMediaHeaderIndex, plain, media.commitment)
                     : plain;
  }
  Rendition file{
      .kind = RenditionKind::kFile, .bytes = film.source.size(), .pieces = {}, .seek = {}};
  const PiecePlanOptions plan{.piece_bytes = options.piece_bytes};
  for (const ByteRange& range : plan_pieces(media.ranges, film.source.size(), plan)) {
    const auto index = static_cast<std::uint32_t>(file.pieces.size());
    file.pieces.push_back(fake_film::add_piece(film, range, index));
  }
  film.header.renditions.push_back(std::move(file));
  if (options.ts) {
    Rendition ts{.kind = RenditionKind::kTs, .bytes = film.source.size(), .pieces = {}, .seek = {}};
    for (std::uint64_t at = 0; at < film.source.size(); at += options.piece_bytes) {
      const std::uint64_t length =
          std::min<std::uint64_t>(options.piece_bytes, film.source.size() - at);
      ts.pieces.push_back(
          fake_film::add_piece(film, {at, length}, static_cast<std::uint32_t>(ts.pieces.size())));
    }
    film.header.renditions.push_back(std::move(ts));
  }
  film.header_bytes = film.header.encode().value();
  return film;
}

}  // namespace weir
