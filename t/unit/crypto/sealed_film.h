// A whole title of 1,000 source bytes, really sealed and really signed, with its stored pieces.
#pragma once

#include <map>
#include <string>

#include "crypto/content_key.h"
#include "crypto/digest.h"
#include "crypto/header_signature.h"
#include "crypto/piece_cipher.h"
#include "t/unit/core/title/sample_header.h"
#include "t/unit/crypto/golden.h"

namespace weir::sample {

struct SealedFilm {
  ContentKey key{{}};
  HeaderFile header;
  Bytes source;                         // of the file rendition
  Bytes ts;                             // of the ts rendition
  std::map<std::string, Bytes> stored;  // by UUID
};

inline ContentKey content_key() {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
  return ContentKey(bytes);
}

inline void seal_rendition(SealedFilm& film, Rendition& rendition, const Bytes& plain) {
  for (std::uint32_t i = 0; i < rendition.pieces.size(); ++i) {
    Piece& p = rendition.pieces[i];
    Bytes bytes(plain.begin() + static_cast<std::ptrdiff_t>(p.offset),
                plain.begin() + static_cast<std::ptrdiff_t>(p.end()));
    if (p.sealed) {
      PieceCipher cipher(film.key,
                         {film.header.info.title, film.key.kid(), p.id, i, p.plain_bytes});
      p.commitment = cipher.commitment();
      bytes = cipher.seal(bytes).value();
    }
    p.sha256 = sha256(bytes);
    film.stored[p.id.to_string()] = std::move(bytes);
  }
}

inline SealedFilm sealed_film() {
  SealedFilm film{content_key(),
                  sealed_with_ts(),
                  golden::plain_bytes(1000),
                  golden::plain_bytes(188 * 9, 5000),
                  {}};
  HeaderFile& h = film.header;
  h.info.protection.kid = film.key.kid();
  h.info.source_sha256 = sha256(film.source);
  Bytes media;
  for (const ByteRange& range : h.media_header.ranges) {
    const auto start = film.source.begin() + static_cast<std::ptrdiff_t>(range.offset);
    media.insert(media.end(), start, start + static_cast<std::ptrdiff_t>(range.length));
  }
  PieceCipher cipher(
      film.key, {h.info.title, film.key.kid(), h.media_header.id, kMediaHeaderIndex, media.size()});
  h.media_header.commitment = cipher.commitment();
  h.media_header.payload = cipher.seal(media).value();
  seal_rendition(film, h.renditions[0], film.source);
  seal_rendition(film, h.renditions[1], film.ts);
  EXPECT_TRUE(sign_header(h, SigningKey::from_pem(golden::kTestKey).value()));
  return film;
}

}  // namespace weir::sample
