// Every error Weir reports has a number that never changes its meaning: it stands in logs, metrics
// and problem+json bodies, and users' scripts match on it. Numbers are never reused; new ones are
// added at the end of their block. docs/errors.md explains each to a user, and t/lint keeps the two
// in step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class ErrorCode : std::uint16_t {
  // 1..: tokens (401 or 403 at an edge)
  kTokenMissing = 1,
  kTokenMalformed = 2,
  kTokenTooLong = 3,
  kTokenAlgorithm = 4,   // alg is none, symmetric, or not the key's own
  kTokenUnknownKey = 5,  // kid is not in the key set
  kTokenSignature = 6,
  kTokenNotYetValid = 11,
  kTokenExpired = 12,
  kTokenWrongTitle = 13,
  kTokenWrongRight = 14,
  kTokenWrongAudience = 15,
  kTokenUnsupportedClaim = 16,  // a critical claim this version does not know
  kTokenRevoked = 17,
  kTokenLifetime = 18,  // exp - iat is over the limit for its rights

  // 100..: header files, pieces and keys
  kHeaderNotOne = 100,  // no ENPH preamble: not a header file at all
  kHeaderTruncated = 101,
  kHeaderCorrupt = 102,  // a CRC or an internal rule fails
  kHeaderVersion = 103,
  kHeaderUnknownCritical = 104,
  kHeaderTooLarge = 105,
  kHeaderSignature = 106,
  kPieceMissing = 110,
  kPieceCorrupt = 111,  // hash, length, or authentication tag wrong
  kKeyMissing = 112,
  kKeyWrong = 113,  // key commitment or key id does not match
  kKeyMalformed = 114,
  kNoSuchRendition = 115,

  // 200..: requests
  kBadPath = 200,
  kBadRange = 201,
  kNotFound = 202,
  kMethodNotAllowed = 203,
  kBadArgument = 204,

  // 300..: origin and store
  kOriginUnreachable = 300,
  kOriginTimeout = 301,
  kOriginStatus = 302,
  kOriginShortBody = 303,
  kOriginChanged = 304,  // validators differ from those of the bytes already kept
  kStoreFull = 305,
  kDraining = 306,

  // 400..: sources and local files
  kFormatIncorrect = 400,  // no demuxer plays it, or it contradicts --format
  kIo = 401,
  kNoSpace = 402,
  kInterrupted = 403,
  kAlreadyExists = 404,

  // 900..: ours
  kInternal = 900,
};

// "token_expired" and the like: stable, for metric labels and the `type` of problem+json.
std::string_view error_name(ErrorCode code) noexcept;

// detail is written for the person who reads it: what was wrong with what. It never holds a secret.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;
};

}  // namespace weir
