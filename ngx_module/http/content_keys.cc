#include "ngx_module/http/content_keys.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>

#include "ngx_module/glue/read_file.h"

namespace weir::edge {

namespace {

constexpr std::size_t kMaxKeyFileBytes = 256;
constexpr std::string_view kEnd = ".key";

struct CloseDir {
  void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};

void warn(ngx_log_t* log, const Error& error) {
  ngx_log_error(NGX_LOG_WARN, log, 0, "weir_title keys: %s", error.detail.c_str());
}

}  // namespace

Status ContentKeys::add_file(const std::string& path) {
  const auto bytes = read_file(path, kMaxKeyFileBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto key = ContentKey::parse(*bytes);
  if (!key) return fail(key.error().code, '"' + path + "\": " + key.error().detail);
  keys_.insert_or_assign(key->kid(), *key);
  return {};
}

Result<ContentKeys> ContentKeys::load(std::string dir, ngx_log_t* log) {
  const std::unique_ptr<DIR, CloseDir> listing(::opendir(dir.c_str()));
  if (listing == nullptr) return fail(ErrorCode::kIo, '"' + dir + "\": " + std::strerror(errno));
  ContentKeys out(std::move(dir));
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name(entry->d_name);
    if (!name.ends_with(kEnd) || name.starts_with('.')) continue;
    const Status added = out.add_file(out.dir_ + '/' + std::string(name));
    if (!added) warn(log, added.error());
  }
  return out;
}

const ContentKey* ContentKeys::find(const Uuid& kid, std::string_view title, ngx_log_t* log) {
  if (const auto at = keys_.find(kid); at != keys_.end()) return &at->second;
  for (const std::string& stem : {kid.to_string(), std::string(title)}) {
    const Status added = add_file(dir_ + '/' + stem + std::string(kEnd));
    if (!added && added.error().code != ErrorCode::kNotFound) warn(log, added.error());
    if (const auto at = keys_.find(kid); at != keys_.end()) return &at->second;
  }
  return nullptr;
}

}  // namespace weir::edge
