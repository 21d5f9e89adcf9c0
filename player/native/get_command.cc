#include "player/native/get_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>

#include <nlohmann/json.hpp>

#include "crypto/digest.h"
#include "player/native/http.h"
#include "player/native/prefix_hash.h"
#include "player/native/title_source.h"
#include "runtime/human.h"
#include "runtime/interrupt.h"
#include "runtime/progress.h"
#include "runtime/system_clock.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr char kCommand[] = "weir-player get";
constexpr std::size_t kReadBytes = 1U << 20;

struct GetArguments {
  std::string url, output, token, key_file;
  std::string rendition = "file";
  std::vector<std::string> edges;
  std::uint32_t sockets = 5;
  std::uint32_t patience_s = 20;
  bool force = false, json = false, quiet = false;
};

// One run of the command.
class Download {
 public:
  explicit Download(const GetArguments& args) : args_(args) {}
  Status run();

 private:
  Status open();
  Result<bool> target_is_there();
  Status fetch();
  Status fetch_missing();
  Status check_whole();
  Result<Digest> hash_of(const fs::path& path, std::uint64_t bytes);
  Result<Digest> hash_behind();
  Status kept(Status status);
  void report_edges() const;
  void print_json() const;
  std::string summary() const;
  void say(const std::string& text) const;

  const GetArguments& args_;
  SystemClock clock_;
  std::chrono::steady_clock::time_point start_ = clock_.monotonic();
  TitleLocation location_;
  std::optional<OpenTitle> title_;
  const Rendition* rendition_ = nullptr;
  fs::path target_;
  std::optional<PartialFile> file_;
  std::optional<TitleSink> sink_;
  std::optional<PrefixHash> hash_;
  std::vector<EdgeReport> reports_;
  std::uint32_t resumed_ = 0;
  bool was_there_ = false;
};

void Download::say(const std::string& text) const {
  if (!args_.quiet) std::fprintf(stderr, "%s: %s\n", kCommand, text.c_str());
}

Status Download::run() {
  if (auto ok = open(); !ok) return ok;
  auto there = target_is_there();
  if (!there) return tl::unexpected(there.error());
  was_there_ = *there;
  if (!was_there_) {
    if (auto ok = fetch(); !ok) return ok;
  }
  if (args_.json) {
    print_json();
  } else if (was_there_) {
    say(target_.string() + " is there already and is the same");
  } else {
    say(summary());
  }
  return {};
}

// "film.mp4: 1.2 GiB in 0:12, 102.4 MiB/s".
std::string Download::summary() const {
  const double seconds = std::chrono::duration<double>(clock_.monotonic() - start_).count();
  std::string out = target_.string() + ": " + human_bytes(rendition_->bytes);
  if (resumed_ > 0) out += ", " + std::to_string(resumed_) + " pieces of it were there before,";
  if (seconds < 1) return out + " in less than a second";
  out += " in " + human_duration(seconds);
  if (resumed_ > 0) return out;
  const double rate = static_cast<double>(rendition_->bytes) / seconds;
  return out + ", " + human_bytes(static_cast<std::uint64_t>(rate)) + "/s";
}

Status Download::open() {
  auto location = locate_title(args_.url, args_.edges, args_.token);
  if (!location) return tl::unexpected(location.error());
  location_ = *std::move(location);
  auto title = open_title(location_, args_.key_file, clock_);
  if (!title) return tl::unexpected(title.error());
  title_ = *std::move(title);
  const RenditionKind kind = args_.rendition == "ts" ? RenditionKind::kTs : RenditionKind::kFile;
  rendition_ = title_->header.find(kind);
  if (rendition_ == nullptr) {
    const std::string other = kind == RenditionKind::kTs ? "file" : "ts";
    return fail(ErrorCode::kNoSuchRendition,
                location_.title + " has only the other one: use --rendition " + other);
  }
  target_ = args_.output;
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) {
    const std::string& extension = title_->header.info.extension;
    target_ = (target_ / location_.title).lexically_normal();
    target_ += "." + (kind == RenditionKind::kTs ? "ts" : extension);
  }
  return {};
}

// True when the target is there and is what would be fetched; an error when it is something else.
Result<bool> Download::target_is_there() {
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);
  if (status.type() == fs::file_type::not_found) return false;
  if (status.type() != fs::file_type::regular) {
    return fail(ErrorCode::kAlreadyExists, target_.string() + " exists and is no regular file");
  }
  if (args_.force) return false;
  const TitleInfo& info = title_->header.info;
  if (rendition_->kind == RenditionKind::kFile &&
      fs::file_size(target_, error) == info.source_bytes) {
    auto digest = hash_of(target_, info.source_bytes);
    if (!digest) return tl::unexpected(digest.error());
    if (*digest == info.source_sha256) return true;
  }
  return fail(ErrorCode::kAlreadyExists,
              target_.string() + " exists and is not this title: use --force to replace it");
}

Status Download::fetch() {
  const TitleInfo& info = title_->header.info;
  auto file = PartialFile::open(target_,
                                {.revision = info.revision,
                                 .header_sha256 = title_->header_sha256,
                                 .rendition = static_cast<std::uint32_t>(rendition_->kind),
                                 .pieces = static_cast<std::uint32_t>(rendition_->pieces.size()),
                                 .bytes = rendition_->bytes},
                                args_.force);
  if (!file) return tl::unexpected(file.error());
  file_ = *std::move(file);
  resumed_ = file_->count();
  if (file_->found() == PartialFile::Found::kOtherRevision) {
    say("the title was changed since " + file_->part_path().string() + " was begun: starting anew");
  } else if (file_->found() == PartialFile::Found::kUnreadable) {
    say("the state of " + file_->part_path().string() + " is damaged: starting anew");
  }
  sink_.emplace(*title_, *rendition_, *file_);
  Status done = [&]() -> Status {
    if (rendition_->kind == RenditionKind::kFile) {
      if (auto ok = sink_->write_media_header(); !ok) return ok;
      hash_.emplace(*file_, rendition_->bytes);
    }
    if (auto ok = fetch_missing(); !ok) return ok;
    return check_whole();
  }();
  report_edges();
  if (!done) return kept(std::move(done));
  return file_->commit(args_.force);
}

Status Download::fetch_missing() {
  std::vector<FetchPiece> pieces;
  pieces.reserve(rendition_->pieces.size());
  std::uint64_t total = 0;
  for (const Piece& piece : rendition_->pieces) pieces.push_back({piece.id, piece.stored_bytes});
  FetchLimits limits;
  limits.sockets = args_.sockets;
  limits.patience = std::chrono::seconds(args_.patience_s);
  PieceFetcher fetcher(location_.edges, pieces, limits, *sink_, clock_);
  for (std::uint32_t i = 0; i < pieces.size(); ++i) {
    if (file_->has(i)) {
      fetcher.mark_done(i);
    } else {
      total += pieces[i].stored_bytes;
    }
  }
  Progress progress(location_.title, total, clock_, !args_.json && !args_.quiet);
  Status done = fetcher.run([&](std::uint64_t here) {
    progress.at(std::min(here, total));
    if (hash_) hash_->reach(sink_->whole_until());
  });
  progress.finish();
  reports_ = fetcher.reports();
  return done;
}

Result<Digest> Download::hash_of(const fs::path& path, std::uint64_t bytes) {
  auto fd = open_to_read(path);
  if (!fd) return tl::unexpected(fd.error());
  Progress progress("checking", bytes, clock_, !args_.json && !args_.quiet);
  Sha256 hash;
  Bytes block(kReadBytes);
  for (std::uint64_t at = 0; at < bytes;) {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    auto got = read_at(fd->get(), block, at, path);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    hash.update(ByteView(block).first(*got));
    at += *got;
    progress.at(at);
  }
  return hash.finish();
}

// What the thread that hashes behind the download finds.
Result<Digest> Download::hash_behind() {
  hash_->reach(rendition_->bytes);
  Progress progress("checking", rendition_->bytes, clock_, !args_.json && !args_.quiet);
  while (!hash_->over_within(std::chrono::milliseconds(50))) {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    progress.at(hash_->hashed());
  }
  return hash_->finish();
}

// Every piece was checked when it came; this finds what the disk lost since, and fetches it again.
Status Download::check_whole() {
  const TitleInfo& info = title_->header.info;
  for (int round = 0;; ++round) {
    if (rendition_->kind == RenditionKind::kFile) {
      auto digest = round == 0 ? hash_behind() : hash_of(file_->part_path(), info.source_bytes);
      if (!digest) return tl::unexpected(digest.error());
      if (*digest == info.source_sha256) return {};
    }
    auto damaged = sink_->damaged_in_file();
    if (!damaged) return tl::unexpected(damaged.error());
    if (damaged->empty() && rendition_->kind == RenditionKind::kTs) return {};
    if (damaged->empty() || round > 0) {
      return fail(ErrorCode::kPieceCorrupt,
                  "the pieces of " + info.title + " do not give the file its header promises");
    }
    say(std::to_string(damaged->size()) + " pieces were lost on the disk: fetching them again");
    if (auto ok = file_->forget(*damaged); !ok) return ok;
    if (auto ok = fetch_missing(); !ok) return ok;
  }
}

// What remains after a failure, and that the same command goes on from there.
Status Download::kept(Status status) {
  if (file_->count() == 0) {
    hash_.reset();
    file_->discard();  // it holds nothing but room
    return status;
  }
  Error error = status.error();
  error.detail += (error.detail.empty() ? "" : "; ") + std::to_string(file_->count()) + " of " +
                  std::to_string(rendition_->pieces.size()) +
                  " pieces are kept: the same command goes on from there";
  return tl::unexpected(error);
}

void Download::report_edges() const {
  for (const EdgeReport& report : reports_) {
    if (!report.damaged.empty()) {
      std::string text = "edge " + report.edge + " gave " + std::to_string(report.damaged.size()) +
                         (report.damaged.size() == 1 ? " damaged piece (" : " damaged pieces (");
      const std::size_t shown = std::min<std::size_t>(report.damaged.size(), 5);
      for (std::size_t i = 0; i < shown; ++i) {
        text += (i == 0 ? "" : ", ") + report.damaged[i].to_string();
      }
      print_warning(kCommand, text + (shown < report.damaged.size() ? ", …)" : ")"));
    }
    const std::uint64_t others = report.faults - report.damaged.size();
    if (others > 0 && reports_.size() > 1 && !args_.quiet) {
      print_warning(kCommand,
                    "edge " + report.edge + " failed " +
                        (report.faults == 1 ? "once" : std::to_string(report.faults) + " times") +
                        " (last: " + report.last_problem + ")");
    }
  }
}

void Download::print_json() const {
  using nlohmann::json;
  const TitleInfo& info = title_->header.info;
  json edges = json::array();
  for (const EdgeReport& report : reports_) {
    json damaged = json::array();
    for (const Uuid& id : report.damaged) damaged.push_back(id.to_string());
    json missing = json::array();
    for (const Uuid& id : report.missing) missing.push_back(id.to_string());
    edges.push_back({{"url", report.edge},
                     {"pieces", report.pieces},
                     {"bytes", report.bytes},
                     {"faults", report.faults},
                     {"damaged", std::move(damaged)},
                     {"missing", std::move(missing)}});
  }
  const std::size_t total = rendition_->pieces.size();
  json out{
      {"title", info.title},
      {"revision", info.revision.to_string()},
      {"rendition", rendition_name(rendition_->kind)},
      {"file", target_.string()},
      {"bytes", rendition_->bytes},
      {"seconds", std::chrono::duration<double>(clock_.monotonic() - start_).count()},
      {"pieces",
       {{"total", total}, {"resumed", resumed_}, {"fetched", was_there_ ? 0 : total - resumed_}}},
      {"identical", was_there_},
      {"edges", std::move(edges)}};
  if (rendition_->kind == RenditionKind::kFile) out["sha256"] = to_hex(info.source_sha256);
  std::printf("%s\n", out.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

}  // namespace

void add_get_command(CommandLine& line) {
  auto args = std::make_shared<GetArguments>();
  CLI::App* command = line.add("get", "Fetch a title into a file", [args] {
    http_init();
    return Download(*args).run();
  });
  command->add_option("URL", args->url, "The title at an edge: http://EDGE[/~TOKEN]/t/ID")
      ->type_name("")
      ->required();
  command->add_option("-o,--output", args->output, "Where to: a file, or a folder")
      ->type_name("FILE")
      ->required();
  command->add_option("--edge", args->edges, "Another edge that has the title; may be repeated")
      ->type_name("URL");
  command->add_option("--sockets", args->sockets, "Connections at once over all edges, 1 to 16 (5)")
      ->type_name("N")
      ->check(CLI::Range(1, 16).description(""));
  command->add_option("--token", args->token, "The token, when it is not in the URL")
      ->type_name("T")
      ->envname("WEIR_TOKEN");
  command->add_option("--key-file", args->key_file, "The content key, when no edge gives it")
      ->type_name("FILE");
  command->add_option("--rendition", args->rendition, "file (the original) or ts (MPEG-TS)")
      ->type_name("KIND")
      ->check(CLI::IsMember({"file", "ts"}).description(""));
  command->add_option("--patience", args->patience_s, "Go on trying that long without an edge (20)")
      ->type_name("S")
      ->check(CLI::Range(0, 86400).description(""));
  command->add_flag("--force", args->force, "Replace FILE when it exists");
  command->add_flag("--json", args->json, "Print what was done as one JSON object");
  command->add_flag("-q,--quiet", args->quiet, "Say only what went wrong");
  CommandLine::footer(command,
                      "Interrupted by whatever: the same command goes on where it ended.\n"
                      "What is fetched so far is FILE.part; FILE.part.state says which pieces.");
}

}  // namespace weir
