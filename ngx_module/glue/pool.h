// C++ objects in nginx pools: the pool runs the destructor.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <new>
#include <utility>

namespace weir::edge {

template <typename T>
void destroy_in_pool(void* object) noexcept {
  static_cast<T*>(object)->~T();
}

// A T owned by `pool`, destroyed with it; nullptr when out of memory. An exception of the
// constructor passes through.
template <typename T, typename... Args>
T* make_in_pool(ngx_pool_t* pool, Args&&... args) {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(pool, sizeof(T));
  if (cleanup == nullptr) return nullptr;
  T* object = new (cleanup->data) T(std::forward<Args>(args)...);
  cleanup->handler = destroy_in_pool<T>;
  return object;
}

// The T that make_in_pool put into `pool` before, or nullptr. For what must survive nginx zeroing
// r->ctx (internal redirects, named locations).
template <typename T>
T* find_in_pool(ngx_pool_t* pool) noexcept {
  for (ngx_pool_cleanup_t* c = pool->cleanup; c != nullptr; c = c->next) {
    if (c->handler == destroy_in_pool<T>) return static_cast<T*>(c->data);
  }
  return nullptr;
}

}  // namespace weir::edge
