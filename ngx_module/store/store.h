// The stores of a configuration (weir_store).
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>
#include <vector>

#include "ngx_module/store/source.h"

namespace weir::edge {

class Store {
 public:
  std::string_view name() const noexcept { return name_; }

 private:
  std::string_view name_;
};

// Owned by the configuration pool.
class StoreSet {
 public:
  Store* find(std::string_view name) const noexcept;

 private:
  std::vector<Store*> stores_;
};

}  // namespace weir::edge
