#include "core/store/object_entry.h"

namespace weir {

bool has_validator(const ObjectMeta& meta) noexcept {
  return meta.etag.length != 0 || meta.last_modified >= 0;
}

bool same_version(const ObjectMeta& a, const ObjectMeta& b) noexcept {
  if (a.etag.length != 0 || b.etag.length != 0) return a.etag.view() == b.etag.view();
  return a.last_modified >= 0 && a.last_modified == b.last_modified;
}

}  // namespace weir
