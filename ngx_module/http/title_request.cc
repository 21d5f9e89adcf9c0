#include "ngx_module/http/title_request.h"

#include "core/title/header_json.h"
#include "core/title/hls_playlist.h"
#include "crypto/digest.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/content_keys.h"
#include "ngx_module/http/piece_etag.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/request_context.h"
#include "ngx_module/http/send_text.h"
#include "ngx_module/http/serve_object.h"
#include "ngx_module/http/title_state.h"
#include "ngx_module/http/token_state.h"

namespace weir::edge {

namespace {

constexpr std::string_view kForever = "max-age=31536000, immutable";
constexpr std::string_view kAWhile = "max-age=60";

// The value of query argument `name`; empty when it is not there.
std::string_view argument(ngx_http_request_t* r, std::string_view name) {
  ngx_str_t value = ngx_null_string;
  const ngx_str_t key = as_ngx_str(name);
  if (ngx_http_arg(r, key.data, key.len, &value) != NGX_OK) return {};
  return as_view(value);
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

bool any_sealed(const HeaderFile& file, const Rendition& rendition) {
  if (rendition.kind == RenditionKind::kFile && file.media_header.sealed) return true;
  for (const Piece& piece : rendition.pieces) {
    if (piece.sealed) return true;
  }
  return false;
}

// Empty for a piece that is not in the library: the origin says.
std::string piece_etag(ngx_http_request_t* r, const ObjectName& name) {
  const ngx_str_t& root = location_conf(r)->source.source.root;
  if (root.len == 0) return {};
  return local_piece_etag(std::string(as_view(root)) + '/' + name.library_path);
}

// A media type goes into a header field as it is: nothing else may be in it.
bool is_media_type(std::string_view text) noexcept {
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '.' || c == '+' || c == '-' || c == '_';
    if (!fine) return false;
  }
  return text.find('/') != text.npos;
}

}  // namespace

TitleRequest::TitleRequest(ngx_http_request_t* r, const TitleUrl& url, std::string_view prefix)
    : r_(r),
      url_(url),
      prefix_(prefix),
      header_name_(header_name(prefix, url.title, as_view(location_conf(r)->title.suffix))) {}

ngx_int_t TitleRequest::start() {
  if (const Outcome done = run()) return *done;
  r_->main->count++;
  return NGX_DONE;
}

void TitleRequest::resume(ngx_http_request_t* r, TitleRequest* self,
                          Outcome (TitleRequest::*step)()) noexcept {
  const Outcome done =
      guard(r->connection->log, "weir_title", Outcome(NGX_ERROR), [&] { return (self->*step)(); });
  // serve_object() took a reference of its own when it says NGX_DONE; ours is given back either
  // way.
  if (done) ngx_http_finalize_request(r, *done);
}

void TitleRequest::on_ready(void* self) noexcept {
  auto* request = static_cast<TitleRequest*>(self);
  resume(request->r_, request, &TitleRequest::run);
}

void TitleRequest::on_write(ngx_http_request_t* r) noexcept {
  auto* context = static_cast<RequestContext*>(request_context(r));
  resume(r, static_cast<TitleState*>(context->title)->request, &TitleRequest::write);
}

TitleRequest::Outcome TitleRequest::write() {
  return answer_->on_write();
}

TitleRequest::Outcome TitleRequest::run() {
  if (answer_ != nullptr) return answer_->run();
  if (url_.view == TitleView::kPiece) return show_piece();
  if (loader_ == nullptr) {
    loader_ = std::make_unique<HeaderLoader>(r_, header_name_, on_ready, this);
  }
  switch (loader_->load(&header_)) {
    case Progress::kReady:
      break;
    case Progress::kParked:
      r_->read_event_handler = ngx_http_test_reading;
      r_->write_event_handler = ngx_http_request_empty_handler;
      return std::nullopt;
    default:
      return send_problem(r_, loader_->error().code, loader_->error().detail, loader_->status());
  }
  if (RequestContext* context = request_context(r_); context != nullptr) {
    context->cache_status = loader_->info().status;
  }
  return show();
}

TitleRequest::Outcome TitleRequest::show() {
  switch (url_.view) {
    case TitleView::kHeader:
      return show_header();
    case TitleView::kFile:
      return show_file();
    case TitleView::kMaster:
      return show_playlist(hls_master(header_->file));
    case TitleView::kTsPlaylist:
      return show_playlist(hls_media(header_->file));
    case TitleView::kTsSegment:
      return show_segment();
    case TitleView::kKey:
      return show_key();
    case TitleView::kPiece:
      break;
  }
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

TitleRequest::Outcome TitleRequest::show_piece() {
  const ObjectName name = piece_name(prefix_, url_.piece);
  ObjectRequest request;
  request.r = r_;
  request.source = &location_conf(r_)->source.source;
  request.key = name.key;
  request.library_path = name.library_path;
  request.kind = ObjectKind::kPiece;
  const std::string etag = piece_etag(r_, name);
  const std::string lifetime = "public, " + std::string(kForever);
  return serve_object(request, {"application/octet-stream", lifetime, etag});
}

TitleRequest::Outcome TitleRequest::show_header() {
  const std::string_view format = argument(r_, "format");
  if (format == "json") return show_text(header_to_json(header_->file), "application/json");
  if (!format.empty()) {
    return send_problem(r_, ErrorCode::kBadArgument, "format is json, or not given");
  }
  ObjectRequest request;
  request.r = r_;
  request.source = &location_conf(r_)->source.source;
  request.key = header_name_.key;
  request.library_path = header_name_.library_path;
  request.kind = ObjectKind::kHeader;
  const std::string lifetime = "public, " + std::string(kAWhile);
  return serve_object(request, {"application/octet-stream", lifetime, {}});
}

TitleRequest::Outcome TitleRequest::show_text(const std::string& text,
                                              std::string_view content_type) {
  text_ = text;
  const std::string digest = to_hex(sha256(as_bytes(text_))).substr(0, 32);
  return send_text(r_, text_, content_type, quoted(digest), "public, " + std::string(kAWhile));
}

TitleRequest::Outcome TitleRequest::show_playlist(const Result<std::string>& text) {
  if (!text) return send_problem(r_, text.error());
  return show_text(*text, "application/vnd.apple.mpegurl");
}

const ContentKey* TitleRequest::content_key() const {
  const auto& keys = location_conf(r_)->title.content_keys;
  if (keys == nullptr) return nullptr;
  const TitleInfo& info = header_->file.info;
  return keys->find(info.protection.kid, info.title, r_->connection->log);
}

TitleRequest::Outcome TitleRequest::no_key() {
  return send_problem(
      r_, ErrorCode::kKeyMissing,
      "this title is sealed and this server holds no key to open it: play it with one of "
      "Weir's players",
      NGX_HTTP_FORBIDDEN);
}

std::string_view TitleRequest::cache_control(std::string_view lifetime) const {
  const bool tokens = location_conf(r_)->token.keys != nullptr;
  // A shared cache must not hand to anybody what a token was asked for.
  if (lifetime == kForever) {
    return tokens ? "private, max-age=31536000, immutable" : "public, max-age=31536000, immutable";
  }
  return tokens ? "private, max-age=60" : "public, max-age=60";
}

TitleRequest::Outcome TitleRequest::show_excerpt(TitleExcerpt excerpt, bool sealed) {
  const ContentKey* key = nullptr;
  if (sealed) {
    key = content_key();
    if (key == nullptr) return no_key();
  }
  excerpt.last_modified = static_cast<time_t>(header_->file.info.created_unix_s);
  auto source =
      std::make_unique<PieceSource>(r_, header_, excerpt.kind, key, prefix_, on_ready, this);
  answer_ = std::make_unique<TitleAnswer>(r_, std::move(excerpt), std::move(source), on_write);
  return answer_->run();
}

TitleRequest::Outcome TitleRequest::show_file() {
  const std::string_view wanted = argument(r_, "rendition");
  if (!wanted.empty() && wanted != "file" && wanted != "ts") {
    return send_problem(r_, ErrorCode::kBadArgument, "rendition is file or ts");
  }
  const HeaderFile& file = header_->file;
  TitleExcerpt excerpt;
  excerpt.kind = wanted == "ts" ? RenditionKind::kTs : RenditionKind::kFile;
  const Rendition* rendition = file.find(excerpt.kind);
  if (rendition == nullptr) {
    return send_problem(
        r_, ErrorCode::kNoSuchRendition,
        "the title has no rendition \"" + std::string(rendition_name(excerpt.kind)) + "\"");
  }
  excerpt.length = rendition->bytes;
  if (excerpt.kind == RenditionKind::kTs) {
    excerpt.content_type = "video/mp2t";
    // Every cut names its pieces anew.
    excerpt.etag =
        quoted(rendition->pieces.empty() ? "empty" : rendition->pieces[0].id.to_string() + "-ts");
  } else {
    excerpt.content_type =
        is_media_type(file.info.mime) ? file.info.mime : "application/octet-stream";
    excerpt.etag = quoted(to_hex(file.info.source_sha256).substr(0, 32));
  }
  excerpt.cache_control = cache_control(kAWhile);
  return show_excerpt(std::move(excerpt), any_sealed(file, *rendition));
}

TitleRequest::Outcome TitleRequest::show_segment() {
  const auto index = header_->find_segment(url_.piece);
  if (!index) {
    return send_problem(r_, ErrorCode::kNotFound, "the title has no segment of this name");
  }
  const Piece& piece = header_->file.find(RenditionKind::kTs)->pieces[*index];
  TitleExcerpt excerpt;
  excerpt.kind = RenditionKind::kTs;
  excerpt.offset = piece.offset;
  excerpt.length = piece.plain_bytes;
  excerpt.content_type = "video/mp2t";
  // Not the piece's own: its bytes are others when it is sealed.
  excerpt.etag = quoted(piece.id.to_string() + ".ts");
  excerpt.cache_control = cache_control(kForever);
  return show_excerpt(std::move(excerpt), piece.sealed);
}

TitleRequest::Outcome TitleRequest::show_key() {
  const TokenState* token = token_state(r_);
  if (token == nullptr || !token->admitted || !token->claims) {
    add_header(r_, "WWW-Authenticate", "Bearer realm=\"weir\"");
    return send_problem(r_, ErrorCode::kTokenMissing,
                        "keys are given to verified tokens only, and this location checks none");
  }
  if (!token->claims->allows(Right::kPlay) || !token->claims->allows_title(url_.title)) {
    return send_problem(r_, ErrorCode::kTokenWrongRight, "the token lacks the right play");
  }
  const Protection& protection = header_->file.info.protection;
  if (protection.policy == Protect::kNone) {
    return send_problem(r_, ErrorCode::kNotFound, "the title is not sealed: it has no key");
  }
  const ContentKey* key = content_key();
  if (key == nullptr) {
    return send_problem(
        r_, ErrorCode::kKeyMissing,
        protection.gateway.empty()
            ? "this server does not hold the title's key"
            : "this server does not hold the title's key: ask " + protection.gateway,
        NGX_HTTP_NOT_FOUND);
  }
  text_ = as_chars(key->view());
  return send_text(r_, text_, "application/octet-stream", {}, "no-store");
}

}  // namespace weir::edge
