#include "runtime/exit_code.h"

#include <csignal>

#include "runtime/interrupt.h"

namespace weir {

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kTokenMissing:
    case ErrorCode::kTokenMalformed:
    case ErrorCode::kTokenTooLong:
    case ErrorCode::kTokenAlgorithm:
    case ErrorCode::kTokenUnknownKey:
    case ErrorCode::kTokenSignature:
    case ErrorCode::kTokenNotYetValid:
    case ErrorCode::kTokenExpired:
    case ErrorCode::kTokenWrongTitle:
    case ErrorCode::kTokenWrongRight:
    case ErrorCode::kTokenWrongAudience:
    case ErrorCode::kTokenUnsupportedClaim:
    case ErrorCode::kTokenRevoked:
    case ErrorCode::kTokenLifetime:
      return kExitRefused;
    case ErrorCode::kHeaderNotOne:
    case ErrorCode::kHeaderTruncated:
    case ErrorCode::kHeaderCorrupt:
    case ErrorCode::kHeaderVersion:
    case ErrorCode::kHeaderUnknownCritical:
    case ErrorCode::kHeaderTooLarge:
    case ErrorCode::kHeaderSignature:
    case ErrorCode::kPieceMissing:
    case ErrorCode::kPieceCorrupt:
    case ErrorCode::kKeyWrong:
    case ErrorCode::kKeyMalformed:
    case ErrorCode::kNoSuchRendition:
    case ErrorCode::kFormatIncorrect:
      return kExitData;
    case ErrorCode::kKeyMissing:
    case ErrorCode::kNotFound:
      return kExitNoInput;
    case ErrorCode::kBadPath:
    case ErrorCode::kBadRange:
    case ErrorCode::kMethodNotAllowed:
    case ErrorCode::kBadArgument:
      return kExitUsage;
    case ErrorCode::kOriginUnreachable:
    case ErrorCode::kOriginTimeout:
    case ErrorCode::kOriginStatus:
    case ErrorCode::kOriginShortBody:
    case ErrorCode::kOriginChanged:
      return kExitUnavailable;
    case ErrorCode::kDraining:
      return kExitTryAgain;
    case ErrorCode::kStoreFull:
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace:
      return kExitIo;
    case ErrorCode::kInterrupted:
      return 128 + (interrupt_signal() != 0 ? interrupt_signal() : SIGINT);
    case ErrorCode::kAlreadyExists:
      return kExitCannotCreate;
    case ErrorCode::kInternal:
      return kExitSoftware;
  }
  return kExitSoftware;
}

}  // namespace weir
