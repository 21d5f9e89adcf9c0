#include "crypto/digest.h"

#include <openssl/evp.h>

#include "crypto/openssl_must.h"

namespace weir {

namespace {

struct MdFree {
  void operator()(EVP_MD* md) const noexcept { EVP_MD_free(md); }
};

// Fetched once: EVP_sha256() makes OpenSSL look it up again for each digest.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, MdFree> md(
      openssl::must(EVP_MD_fetch(nullptr, "SHA256", nullptr), "EVP_MD_fetch(SHA256)"));
  return md.get();
}

}  // namespace

Digest sha256(ByteView data) {
  Sha256 hash;
  hash.update(data);
  return hash.finish();
}

void Sha256::Free::operator()(evp_md_ctx_st* ctx) const noexcept {
  EVP_MD_CTX_free(ctx);
}

Sha256::Sha256() : ctx_(openssl::must(EVP_MD_CTX_new(), "EVP_MD_CTX_new")) {
  openssl::must(EVP_DigestInit_ex(ctx_.get(), sha256_algorithm(), nullptr) == 1,
                "EVP_DigestInit_ex");
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::restart() {
  openssl::must(EVP_DigestInit_ex2(ctx_.get(), nullptr, nullptr) == 1, "EVP_DigestInit_ex2");
}

void Sha256::update(ByteView data) {
  openssl::must(EVP_DigestUpdate(ctx_.get(), data.data(), data.size()) == 1, "EVP_DigestUpdate");
}

Digest Sha256::finish() {
  Digest out;
  openssl::must(EVP_DigestFinal_ex(ctx_.get(), out.data(), nullptr) == 1, "EVP_DigestFinal_ex");
  return out;
}

}  // namespace weir
