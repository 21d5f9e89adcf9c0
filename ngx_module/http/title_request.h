// One request for a title: brings the header file, then answers in the view asked for. Lives in
// r->pool.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/title/title_url.h"
#include "ngx_module/http/header_loader.h"
#include "ngx_module/http/title_answer.h"

namespace weir::edge {

class ContentKeys;

class TitleRequest {
 public:
  // `url` borrows from r->uri.
  TitleRequest(ngx_http_request_t* r, const TitleUrl& url, std::string_view prefix);

  // What the content handler returns.
  ngx_int_t start();

 private:
  // A value: what the handler returns or finalizes with. nullopt: waiting; we hold a reference on
  // the request.
  using Outcome = std::optional<ngx_int_t>;

  static void on_ready(void* self) noexcept;
  static void on_write(ngx_http_request_t* r) noexcept;
  static void resume(ngx_http_request_t* r, TitleRequest* self,
                     Outcome (TitleRequest::*step)()) noexcept;

  Outcome run();
  Outcome write();
  Outcome show();
  Outcome show_header();
  Outcome show_piece();
  Outcome show_file();
  Outcome show_segment();
  Outcome show_key();
  Outcome show_text(const std::string& text, std::string_view content_type);
  Outcome show_playlist(const Result<std::string>& text);
  Outcome show_excerpt(TitleExcerpt excerpt, bool sealed);
  Outcome no_key();
  const ContentKey* content_key() const;
  // For content that was opened for this viewer, or may have been.
  std::string_view cache_control(std::string_view lifetime) const;

  ngx_http_request_t* r_;
  TitleUrl url_;
  std::string prefix_;
  ObjectName header_name_;
  std::unique_ptr<HeaderLoader> loader_;
  std::shared_ptr<const TitleHeader> header_;
  std::unique_ptr<TitleAnswer> answer_;
  std::string text_;
};

}  // namespace weir::edge
