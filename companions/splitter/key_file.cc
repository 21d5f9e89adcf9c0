#include "companions/splitter/key_file.h"

#include <system_error>

#include <unistd.h>

#include "runtime/atomic_file.h"
#include "runtime/files.h"

namespace weir {
namespace {

constexpr std::uint64_t kMaxKeyFileBytes = 1U << 14;

Result<Bytes> read_key_bytes(const std::filesystem::path& path) {
  auto bytes = read_file(path, kMaxKeyFileBytes);
  if (bytes) return bytes;
  if (bytes.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kKeyMissing, bytes.error().detail);
  }
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  if (!ignored && size > kMaxKeyFileBytes) {
    return fail(ErrorCode::kKeyMalformed, path.string() + " is too large to be a key");
  }
  return bytes;
}

}  // namespace

Result<ContentKey> load_content_key(const std::filesystem::path& path) {
  const auto bytes = read_key_bytes(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto key = ContentKey::parse(*bytes);
  if (!key) return fail(key.error().code, path.string() + ": " + key.error().detail);
  return key;
}

Status NewKeyFile::save(const std::filesystem::path& path, const ContentKey& key) {
  const std::string text = key.to_hex_file();
  auto wrote = write_atomically(path, as_bytes(text), 0600, false);
  if (wrote) path_ = path;
  return wrote;
}

NewKeyFile::~NewKeyFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<SigningKey> load_signing_key(const std::filesystem::path& path) {
  const auto bytes = read_key_bytes(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto key = SigningKey::from_pem(as_chars(*bytes));
  if (!key) return fail(key.error().code, path.string() + ": " + key.error().detail);
  return key;
}

}  // namespace weir
