#include "companions/splitter/piece_source.h"

#include <cerrno>

#include <curl/curl.h>
#include <sys/stat.h>

#include "companions/splitter/library.h"
#include "core/token/token_path.h"
#include "runtime/interrupt.h"

namespace weir {

namespace fs = std::filesystem;

namespace {

Error wrong_length(const Piece& piece, const std::string& where, std::uint64_t have) {
  return {ErrorCode::kPieceCorrupt, piece.id.to_string() + " in " + where + " has " +
                                        std::to_string(have) + " bytes, not " +
                                        std::to_string(piece.stored_bytes)};
}

class FolderPieces final : public PieceSource {
 public:
  explicit FolderPieces(fs::path pieces) : pieces_(std::move(pieces)) {}

  Result<Bytes> fetch(const Piece& piece) override {
    const fs::path path = piece_path(pieces_, piece.id);
    const auto fd = open_to_read(path);
    if (!fd && fd.error().code == ErrorCode::kNotFound) {
      return fail(ErrorCode::kPieceMissing,
                  piece.id.to_string() + " is not in " + pieces_.string());
    }
    if (!fd) return tl::unexpected(fd.error());
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0) {
      return tl::unexpected(file_error(errno, path, "cannot read"));
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size != piece.stored_bytes) {
      return tl::unexpected(wrong_length(piece, pieces_.string(), size));
    }
    Bytes out(piece.stored_bytes);
    const auto n = read_at(fd->get(), out, 0, path);
    if (!n) return tl::unexpected(n.error());
    if (*n != out.size()) return tl::unexpected(wrong_length(piece, pieces_.string(), *n));
    return out;
  }

 private:
  fs::path pieces_;
};

struct CurlFree {
  void operator()(CURL* curl) const noexcept { curl_easy_cleanup(curl); }
};
using CurlPtr = std::unique_ptr<CURL, CurlFree>;

struct Answer {
  Bytes body;
  std::uint64_t limit = 0;
  bool too_long = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* answer) noexcept {
  auto& out = *static_cast<Answer*>(answer);
  const std::size_t n = size * count;
  if (out.body.size() + n > out.limit) {
    out.too_long = true;
    return 0;
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data);
  try {
    out.body.insert(out.body.end(), bytes, bytes + n);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return n;
}

int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return interrupted() ? 1 : 0;
}

class EdgePieces final : public PieceSource {
 public:
  explicit EdgePieces(std::string base)
      : base_(std::move(base)), shown_(redact_tokens(base_).value_or(base_)) {}

  Result<Bytes> fetch(const Piece& piece) override {
    // One connection a thread, kept for the next piece.
    thread_local const CurlPtr handle(curl_easy_init());
    if (!handle) return fail(ErrorCode::kInternal, "cannot start libcurl");
    Answer answer;
    answer.limit = piece.stored_bytes;
    answer.body.reserve(piece.stored_bytes);
    const std::string url = base_ + "/p/" + piece.id.to_string();
    CURL* const curl = handle.get();
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
    const CURLcode result = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return judge(piece, result, status, std::move(answer));
  }

 private:
  Result<Bytes> judge(const Piece& piece, CURLcode result, long status, Answer answer) const {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    const std::string which = "piece " + piece.id.to_string() + " at " + shown_;
    // The status counts before the body does: an error page may be longer than the piece.
    if (status == 404 || status == 410) {
      return fail(ErrorCode::kPieceMissing, piece.id.to_string() + " is not at " + shown_);
    }
    if (status != 0 && status != 200) {
      return fail(ErrorCode::kOriginStatus, which + ": status " + std::to_string(status));
    }
    if (answer.too_long) {
      return fail(ErrorCode::kPieceCorrupt,
                  which + " is longer than " + std::to_string(piece.stored_bytes) + " bytes");
    }
    if (result == CURLE_OPERATION_TIMEDOUT) {
      return fail(ErrorCode::kOriginTimeout, which + ": no bytes for too long");
    }
    if (result == CURLE_PARTIAL_FILE || (result == CURLE_RECV_ERROR && status == 200)) {
      return fail(ErrorCode::kOriginShortBody, which);
    }
    if (result != CURLE_OK) {
      return fail(ErrorCode::kOriginUnreachable, shown_ + ": " + curl_easy_strerror(result));
    }
    if (answer.body.size() != piece.stored_bytes) {
      return tl::unexpected(wrong_length(piece, shown_, answer.body.size()));
    }
    return std::move(answer.body);
  }

  std::string base_;
  std::string shown_;  // without the token
};

}  // namespace

std::unique_ptr<PieceSource> pieces_in_folder(fs::path pieces) {
  return std::make_unique<FolderPieces>(std::move(pieces));
}

Result<std::unique_ptr<PieceSource>> pieces_from_edge(const std::string& base) {
  std::string url = base;
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return fail(ErrorCode::kBadArgument, "--from: not an http or https URL");
  }
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return fail(ErrorCode::kInternal, "cannot start libcurl");
  return std::make_unique<EdgePieces>(std::move(url));
}

fs::path pieces_beside(const fs::path& header) {
  std::error_code ignored;
  // The path is taken as it is written first: a library may be made of links.
  return (fs::absolute(header, ignored).parent_path() / ".." / ".." / "pieces").lexically_normal();
}

}  // namespace weir
