#include "crypto/hkdf.h"

#include <array>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/openssl_must.h"

namespace weir {
namespace {

struct KdfFree {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* ctx) const noexcept { EVP_KDF_CTX_free(ctx); }
};

// Looking an algorithm up by name costs as much as a small piece's derivation, so it is done once.
EVP_KDF* hkdf() {
  static const std::unique_ptr<EVP_KDF, KdfFree> kdf(
      openssl::must(EVP_KDF_fetch(nullptr, "HKDF", nullptr), "EVP_KDF_fetch(HKDF)"));
  return kdf.get();
}

// OSSL_PARAM holds pointers to what it only reads.
OSSL_PARAM octets(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}

}  // namespace

void hkdf_sha256(ByteView key, ByteView salt, ByteView info, MutableBytes out) {
  const std::unique_ptr<EVP_KDF_CTX, KdfFree> ctx(
      openssl::must(EVP_KDF_CTX_new(hkdf()), "EVP_KDF_CTX_new"));
  char digest[] = "SHA256";
  std::array<OSSL_PARAM, 5> params{};
  std::size_t n = 0;
  params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
  params[n++] = octets(OSSL_KDF_PARAM_KEY, key);
  params[n++] = octets(OSSL_KDF_PARAM_INFO, info);
  if (!salt.empty()) params[n++] = octets(OSSL_KDF_PARAM_SALT, salt);
  params[n] = OSSL_PARAM_construct_end();
  openssl::must(EVP_KDF_derive(ctx.get(), out.data(), out.size(), params.data()) == 1,
                "EVP_KDF_derive(HKDF)");
}

}  // namespace weir
