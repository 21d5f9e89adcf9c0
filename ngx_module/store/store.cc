#include "ngx_module/store/store.h"

namespace weir::edge {

Store* StoreSet::find(std::string_view name) const noexcept {
  for (Store* store : stores_) {
    if (store->name() == name) return store;
  }
  return nullptr;
}

}  // namespace weir::edge
