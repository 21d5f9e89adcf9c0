// A run of a rendition as an HTTP answer: the virtual file, or one segment. GET and HEAD, one range
// or several (multipart/byteranges), validators; pulled from a PieceSource as fast as the viewer
// takes it, giving the event loop its turn. Lives in r->pool.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ngx_module/http/entity.h"
#include "ngx_module/http/piece_source.h"

namespace weir::edge {

// What is shown of the rendition.
struct TitleExcerpt {
  RenditionKind kind = RenditionKind::kFile;
  std::uint64_t offset = 0;  // in the rendition
  std::uint64_t length = 0;
  std::string content_type;
  std::string etag;  // with quotes
  std::string cache_control;
  time_t last_modified = -1;
};

class TitleAnswer {
 public:
  // `write_handler` becomes the request's write_event_handler while the answer waits for the
  // viewer; it is to call on_write().
  TitleAnswer(ngx_http_request_t* r, TitleExcerpt excerpt, std::unique_ptr<PieceSource> source,
              ngx_http_event_handler_pt write_handler);
  TitleAnswer(const TitleAnswer&) = delete;
  TitleAnswer& operator=(const TitleAnswer&) = delete;

  // Goes on until the answer is complete (what to finalize the request with) or has to wait
  // (nullopt). Waiting, it sets the request's handlers; whoever owns it calls run() again when the
  // source is ready.
  std::optional<ngx_int_t> run();

  // r->write_event_handler calls this: nullopt while it waits on.
  std::optional<ngx_int_t> on_write();

 private:
  struct Part {
    ByteRange range;   // in the rendition
    std::string head;  // multipart: what stands before it
  };
  enum class Stage { kSelect, kBody, kDone };

  std::optional<ngx_int_t> select();
  std::optional<ngx_int_t> send_head();
  void take_ranges(const Selection& selection);
  std::optional<ngx_int_t> body();
  std::optional<ngx_int_t> failed();
  ngx_int_t send(const PlainRun& run);
  ngx_int_t send_tail();
  bool link_text(ngx_chain_t**& tail, const std::string& text);
  std::optional<ngx_int_t> wait_for_source();
  std::optional<ngx_int_t> wait_for_writer();
  std::optional<ngx_int_t> yield();

  ngx_http_request_t* r_;
  TitleExcerpt excerpt_;
  std::unique_ptr<PieceSource> source_;
  ngx_http_event_handler_pt write_handler_;
  Stage stage_ = Stage::kSelect;
  Entity entity_;
  Selection selection_;
  std::vector<Part> parts_;
  std::string tail_;  // multipart: what stands behind the last part
  bool head_sent_ = false;
  std::size_t part_ = 0;
  std::uint64_t at_ = 0;  // in the rendition
};

}  // namespace weir::edge
