// The directory of a store, as the master leaves it to the workers.
#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <dirent.h>
#include <sys/stat.h>

#include "ngx_module/glue/str.h"
#include "ngx_module/store/store.h"

namespace weir::edge {

namespace {

struct DirCloser {
  void operator()(DIR* dir) const noexcept { closedir(dir); }
};
using DirPtr = std::unique_ptr<DIR, DirCloser>;

// Made, and owned by the user the workers run as.
bool make_directory(const std::string& path, const ngx_core_conf_t* core, ngx_log_t* log) {
  if (mkdir(path.c_str(), 0700) == -1 && ngx_errno != NGX_EEXIST) {
    ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "weir_store: mkdir(\"%s\") failed", path.c_str());
    return false;
  }
  if (geteuid() == 0 && core->user != static_cast<ngx_uid_t>(NGX_CONF_UNSET_UINT)) {
    struct stat info {};
    if (stat(path.c_str(), &info) == -1 ||
        (info.st_uid != core->user && chown(path.c_str(), core->user, core->group) == -1)) {
      ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "weir_store: chown(\"%s\") failed",
                    path.c_str());
      return false;
    }
  }
  return true;
}

// Only what looks like a file of ours: <12 hex digits>-<hex digits>.
bool is_store_file(std::string_view name) noexcept {
  constexpr std::string_view kHex = "0123456789abcdef";
  return name.size() > 13 && name[12] == '-' &&
         name.substr(0, 12).find_first_not_of(kHex) == std::string_view::npos &&
         name.substr(13).find_first_not_of(kHex) == std::string_view::npos;
}

void remove_store_files(const std::string& path, ngx_log_t* log) {
  const DirPtr dir(opendir(path.c_str()));
  if (dir == nullptr) return;
  while (const dirent* entry = readdir(dir.get())) {
    if (!is_store_file(entry->d_name)) continue;
    const std::string file = path + "/" + entry->d_name;
    if (unlink(file.c_str()) == -1) {
      ngx_log_error(NGX_LOG_WARN, log, ngx_errno, "weir_store: unlink(\"%s\") failed",
                    file.c_str());
    }
  }
}

}  // namespace

ngx_int_t Store::prepare_directory(ngx_cycle_t* cycle) noexcept {
  const auto* core =
      reinterpret_cast<ngx_core_conf_t*>(ngx_get_conf(cycle->conf_ctx, ngx_core_module));
  const std::string root(as_view(settings_.path));
  if (!make_directory(root, core, cycle->log)) return NGX_ERROR;
  for (unsigned i = 0; i < 256; ++i) {
    std::array<char, 4> name{};
    std::snprintf(name.data(), name.size(), "/%02x", i);
    const std::string path = root + name.data();
    if (!make_directory(path, core, cycle->log)) return NGX_ERROR;
    if (shared_->fresh) remove_store_files(path, cycle->log);
  }
  shared_->fresh = false;
  return NGX_OK;
}

}  // namespace weir::edge
