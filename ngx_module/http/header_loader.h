// Brings one title's decoded header file: from the worker's cache when the file is still the same,
// else read through an ObjectReader (library, store, origin) and decoded. Lives in r->pool; one
// request.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "ngx_module/http/title_header.h"
#include "ngx_module/store/reader.h"

namespace weir::edge {

// Where the parts of a title are, under the library's root and at the origin. `prefix` is
// title_prefix().
struct ObjectName {
  std::string key;           // ObjectRequest::key
  std::string library_path;  // ObjectRequest::library_path
};
ObjectName header_name(std::string_view prefix, std::string_view title, std::string_view suffix);
ObjectName piece_name(std::string_view prefix, const Uuid& id);

class HeaderLoader {
 public:
  HeaderLoader(ngx_http_request_t* r, const ObjectName& name, ObjectReader::OnReady on_ready,
               void* owner);

  // As the reader's calls: after kParked, on_ready(owner) comes once; call load() again then.
  Progress load(std::shared_ptr<const TitleHeader>* out);

  // After kFailed.
  const Error& error() const noexcept { return error_; }
  ngx_int_t status() const noexcept { return status_; }  // of the answer

  // After kReady.
  const ObjectInfo& info() const noexcept { return info_; }

 private:
  Progress identify();
  Progress read();
  Progress decode(std::shared_ptr<const TitleHeader>* out);
  Progress fail_with(Error error, ngx_int_t status);
  Progress damaged(Error error);
  Progress reader_failed();

  ngx_http_request_t* r_;
  ObjectName name_;
  ObjectReader* reader_;
  std::string cache_key_;
  ObjectInfo info_;
  HeaderIdentity identity_;
  bool identified_ = false;
  Bytes bytes_;
  Error error_;
  ngx_int_t status_ = NGX_HTTP_INTERNAL_SERVER_ERROR;
};

}  // namespace weir::edge
