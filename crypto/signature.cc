#include "crypto/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/digest.h"
#include "crypto/openssl_must.h"

namespace weir {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }  // wipes a memory BIO
  void operator()(EVP_MD_CTX* ctx) const noexcept { EVP_MD_CTX_free(ctx); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using DigestCtxPtr = std::unique_ptr<EVP_MD_CTX, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

// Without it OpenSSL would ask for a password on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}

SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

SigningKey SigningKey::generate() {
  return SigningKey(
      openssl::must(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "EVP_PKEY_Q_keygen"));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  const BioPtr bio(
      openssl::must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), "BIO_new_mem_buf"));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  openssl::forget_errors();
  if (!key) {
    return fail(ErrorCode::kKeyMalformed, "no private key in PEM (PKCS#8, without a password)");
  }
  if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(ErrorCode::kKeyMalformed, "the private key is not an Ed25519 key");
  }
  return SigningKey(key.release());
}

std::string SigningKey::to_pem() const {
  const BioPtr bio(openssl::must(BIO_new(BIO_s_mem()), "BIO_new"));
  openssl::must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr) == 1,
                "PEM_write_bio_PKCS8PrivateKey");
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

PublicKeyBytes SigningKey::public_key() const {
  PublicKeyBytes out;
  std::size_t length = out.size();
  openssl::must(EVP_PKEY_get_raw_public_key(key_.get(), out.data(), &length) == 1,
                "EVP_PKEY_get_raw_public_key");
  return out;
}

SignatureBytes SigningKey::sign(ByteView message) const {
  SignatureBytes out;
  std::size_t length = out.size();
  const DigestCtxPtr ctx(openssl::must(EVP_MD_CTX_new(), "EVP_MD_CTX_new"));
  openssl::must(
      EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
          EVP_DigestSign(ctx.get(), out.data(), &length, message.data(), message.size()) == 1,
      "Ed25519 signing");
  return out;
}

bool verify_signature(const PublicKeyBytes& key, ByteView message,
                      const SignatureBytes& signature) {
  const KeyPtr pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const DigestCtxPtr ctx(openssl::must(EVP_MD_CTX_new(), "EVP_MD_CTX_new"));
  const bool good = pkey &&
                    EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
                    EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                                     message.size()) == 1;
  if (!good) openssl::forget_errors();
  return good;
}

std::string key_thumbprint(const PublicKeyBytes& key) {
  const std::string jwk = R"({"crv":"Ed25519","kty":"OKP","x":")" + to_base64url(key) + R"("})";
  return to_base64url(sha256(as_bytes(jwk)));
}

}  // namespace weir
