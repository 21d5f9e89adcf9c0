#include "crypto/openssl_must.h"

#include <cstdio>
#include <cstdlib>

#include <openssl/err.h>

namespace weir::openssl {

void must(bool ok, const char* what) noexcept {
  if (ok) return;
  std::fprintf(stderr, "weir: OpenSSL: %s failed\n", what);
  std::abort();
}

void forget_errors() noexcept {
  ERR_clear_error();
}

}  // namespace weir::openssl
