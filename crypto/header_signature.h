// Signing a title's header file and checking who signed one (section SIG).
#pragma once

#include <span>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/title/header_file.h"
#include "crypto/signature.h"

namespace weir {

// Sets header.signature. Whatever is changed in the header afterwards makes it wrong.
Status sign_header(HeaderFile& header, const SigningKey& key);

// `encoded` is a whole header file as it came. kHeaderSignature when it has no signature, when the
// signature does not hold, or when `trusted` is not empty and holds not its key; else the key that
// signed. Does not replace HeaderFile::decode().
Result<PublicKeyBytes> verify_header_signature(ByteView encoded,
                                               std::span<const PublicKeyBytes> trusted = {});

}  // namespace weir
