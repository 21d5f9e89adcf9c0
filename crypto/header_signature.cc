#include "crypto/header_signature.h"

#include <algorithm>

namespace weir {

Status sign_header(HeaderFile& header, const SigningKey& key) {
  const Result<Bytes> message = header.encode_unsigned_part();
  if (!message) return tl::unexpected(message.error());
  header.signature = HeaderSignature{key.public_key(), key.sign(*message)};
  return {};
}

Result<PublicKeyBytes> verify_header_signature(ByteView encoded,
                                               std::span<const PublicKeyBytes> trusted) {
  const ByteView message = signed_part(encoded);
  if (message.empty()) {
    return fail(ErrorCode::kHeaderSignature, "the header file is not signed");
  }
  ByteReader section(encoded.subspan(message.size()));
  const std::uint32_t algorithm = section.u32();
  const PublicKeyBytes key = section.array<32>();
  const SignatureBytes signature = section.array<64>();
  if (!section.ok() || algorithm != 1) {
    return fail(ErrorCode::kHeaderSignature, "the signature's algorithm is not known");
  }
  if (!verify_signature(key, message, signature)) {
    return fail(ErrorCode::kHeaderSignature, "the header file's signature does not hold");
  }
  if (!trusted.empty() && std::find(trusted.begin(), trusted.end(), key) == trusted.end()) {
    return fail(ErrorCode::kHeaderSignature, "the header file is signed by a key not trusted here");
  }
  return key;
}

}  // namespace weir
