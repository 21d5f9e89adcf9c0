// t/vectors/piece_cipher.json
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/piece_cipher.h"
#include "t/unit/core/title/sample_header.h"
#include "t/unit/crypto/golden.h"
#include "t/unit/crypto/sealed_film.h"

namespace weir {
namespace {

using golden::Json;

Json sealed_case(const ContentKey& key, const PieceContext& context) {
  const Bytes plain = golden::plain_bytes(context.plain_bytes);
  PieceCipher cipher(key, context);
  const Bytes sealed = cipher.seal(plain).value();
  Json tags = Json::array();
  for (std::uint32_t i = 0; i < cipher.records(); ++i) {
    const std::size_t end = std::min<std::size_t>(
        (i + std::size_t{1}) * (kRecordBytes + kRecordTagBytes), sealed.size());
    tags.push_back(to_hex(ByteView(sealed).subspan(end - kRecordTagBytes, kRecordTagBytes)));
  }
  Json out{{"content_key", to_hex(key.view())},
           {"kid", key.kid().to_string()},
           {"title", context.title},
           {"uuid", context.piece.to_string()},
           {"index", context.index},
           {"plain_bytes", context.plain_bytes},
           {"plain_sha256", to_hex(sha256(plain))},
           {"commitment", to_hex(cipher.commitment())},
           {"sealed_bytes", sealed.size()},
           {"sealed_sha256", to_hex(sha256(sealed))},
           {"tags", tags}};
  if (sealed.size() <= 256) {
    out["plain"] = to_hex(plain);
    out["sealed"] = to_hex(sealed);
  }
  return out;
}

// Every one of them is refused when opened as the first case's piece.
Json refused_cases(const ContentKey& key, const PieceContext& context) {
  Json out = Json::array();
  const auto add = [&](std::string_view name, const ContentKey& with, PieceContext as,
                       const Bytes& sealed) {
    PieceCipher cipher(with, as);
    const Result<Bytes> opened = cipher.open(sealed);
    ASSERT_FALSE(opened) << name;
    out.push_back(
        {{"name", name},
         {"content_key", to_hex(with.view())},
         {"title", as.title},
         {"kid", as.kid.to_string()},
         {"uuid", as.piece.to_string()},
         {"index", as.index},
         {"plain_bytes", as.plain_bytes},
         {"commitment_matches", cipher.commitment() == PieceCipher(key, context).commitment()},
         {"sealed", to_hex(sealed)},
         {"error", error_name(opened.error().code)}});
  };
  const Bytes sealed =
      PieceCipher(key, context).seal(golden::plain_bytes(context.plain_bytes)).value();
  Bytes flipped = sealed;
  flipped[0] ^= 1;
  add("a flipped bit in the text", key, context, flipped);
  flipped = sealed;
  flipped.back() ^= 0x80;
  add("a flipped bit in the tag", key, context, flipped);
  add("one byte short", key, context, Bytes(sealed.begin(), sealed.end() - 1));
  PieceContext other = context;
  other.title = "film2";
  add("another title", key, other, sealed);
  other = context;
  other.index = 1;
  add("another index", key, other, sealed);
  other = context;
  other.piece = sample::uuid(99);
  add("another piece", key, other, sealed);
  std::array<std::uint8_t, 32> wrong{};
  add("another content key", ContentKey(wrong), context, sealed);
  return out;
}

TEST(Vectors, PieceCipher) {
  const ContentKey key = sample::content_key();
  const PieceContext small{"film", key.kid(), sample::uuid(10), 0, 20};
  Json cases = Json::array({sealed_case(key, small)});
  std::uint8_t seed = 11;
  for (const std::uint64_t bytes : {1ULL, 65535ULL, 65536ULL, 65537ULL, 131072ULL, 1000000ULL}) {
    cases.push_back(sealed_case(key, {"film", key.kid(), sample::uuid(seed), seed, bytes}));
    ++seed;
  }
  cases.push_back(
      sealed_case(key, {"Another_film-2.x", key.kid(), sample::uuid(40), kMediaHeaderIndex, 100}));
  golden::expect_same("piece_cipher", {{"sealed", cases}, {"refused", refused_cases(key, small)}});
}

}  // namespace
}  // namespace weir
