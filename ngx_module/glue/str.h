// Between ngx_str_t and std::string_view. Views borrow; a copy names the pool that owns it.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

namespace weir::edge {

inline std::string_view as_view(const ngx_str_t& s) noexcept {
  return {reinterpret_cast<const char*>(s.data), s.len};
}

// Borrows: `text` must outlive the result, and whoever gets it must not write through it.
inline ngx_str_t as_ngx_str(std::string_view text) noexcept {
  return {text.size(), reinterpret_cast<u_char*>(const_cast<char*>(text.data()))};
}
ngx_str_t as_ngx_str(char*) = delete;

// Owned by `pool`, with a NUL after the last byte (not counted in len). {0, nullptr} when the pool
// is out of memory.
inline ngx_str_t copy_ngx_str(ngx_pool_t* pool, std::string_view text) noexcept {
  auto* data = static_cast<u_char*>(ngx_pnalloc(pool, text.size() + 1));
  if (data == nullptr) return {0, nullptr};
  if (!text.empty()) ngx_memcpy(data, text.data(), text.size());
  data[text.size()] = '\0';
  return {text.size(), data};
}

}  // namespace weir::edge
