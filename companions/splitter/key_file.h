// Key files: content keys and signing keys on disk.
#pragma once

#include <filesystem>

#include "crypto/content_key.h"
#include "crypto/signature.h"

namespace weir {

// kKeyMissing when there is none, kKeyMalformed, kIo.
Result<ContentKey> load_content_key(const std::filesystem::path& path);

// A content key's file, made (mode 0600, durable, never over an existing file) just before the
// title that needs it appears, and taken back unless it did.
class NewKeyFile {
 public:
  NewKeyFile() = default;
  ~NewKeyFile();
  NewKeyFile(const NewKeyFile&) = delete;
  NewKeyFile& operator=(const NewKeyFile&) = delete;

  Status save(const std::filesystem::path& path, const ContentKey& key);
  void keep() noexcept { path_.clear(); }

 private:
  std::filesystem::path path_;
};

Result<SigningKey> load_signing_key(const std::filesystem::path& path);

}  // namespace weir
