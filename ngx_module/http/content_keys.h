// The content keys this server holds: `weir_title keys=DIR`, files DIR/*.key. One object a
// location, one copy a worker after the fork; keys are wiped with it. Read while the configuration
// is (as root, so mode 0600 works); a key that came later is looked for when a title needs it,
// which works when the worker's user may read it, and after a reload in any case.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/uuid.h"
#include "crypto/content_key.h"

namespace weir::edge {

class ContentKeys {
 public:
  // Files that hold no key are named in the log and passed over; a directory that cannot be read is
  // an error.
  static Result<ContentKeys> load(std::string dir, ngx_log_t* log);

  // nullptr: not held. The id of what is returned is `kid`, whatever its file's name. A key file
  // that is there and cannot be used is named in the log.
  const ContentKey* find(const Uuid& kid, std::string_view title, ngx_log_t* log);

 private:
  explicit ContentKeys(std::string dir) : dir_(std::move(dir)) {}

  // kNotFound: no such file.
  Status add_file(const std::string& path);

  std::string dir_;
  std::map<Uuid, ContentKey> keys_;
};

}  // namespace weir::edge
