#include "player/native/get_command.h"

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "player/native/download.h"
#include "player/native/http.h"
#include "runtime/human.h"

namespace weir {
namespace {

constexpr char kCommand[] = "weir-player get";

struct GetArguments {
  std::string url, output, token, key_file;
  std::string rendition = "file";
  std::vector<std::string> edges;
  std::uint32_t sockets = 5;
  std::uint32_t patience_s = 20;
  bool force = false, json = false, quiet = false;
};

// "film.mp4: 1.2 GiB in 0:12, 102.4 MiB/s".
std::string summary(const Download& download) {
  const double seconds = download.seconds();
  const std::uint64_t bytes = download.rendition().bytes;
  std::string out = download.target().string() + ": " + human_bytes(bytes);
  if (download.resumed() > 0)
    out += ", " + std::to_string(download.resumed()) + " pieces of it were there before,";
  if (seconds < 1) return out + " in less than a second";
  out += " in " + human_duration(seconds);
  if (download.resumed() > 0) return out;
  const double rate = static_cast<double>(bytes) / seconds;
  return out + ", " + human_bytes(static_cast<std::uint64_t>(rate)) + "/s";
}

void report_edges(const std::vector<EdgeReport>& reports, bool quiet) {
  for (const EdgeReport& report : reports) {
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
    if (others > 0 && reports.size() > 1 && !quiet) {
      print_warning(kCommand,
                    "edge " + report.edge + " failed " +
                        (report.faults == 1 ? "once" : std::to_string(report.faults) + " times") +
                        " (last: " + report.last_problem + ")");
    }
  }
}

void print_json(const Download& download) {
  using nlohmann::json;
  const TitleInfo& info = download.info();
  const Rendition& rendition = download.rendition();
  json edges = json::array();
  for (const EdgeReport& report : download.edges()) {
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
  const std::size_t total = rendition.pieces.size();
  json out{{"title", info.title},
           {"revision", info.revision.to_string()},
           {"rendition", rendition_name(rendition.kind)},
           {"file", download.target().string()},
           {"bytes", rendition.bytes},
           {"seconds", download.seconds()},
           {"pieces",
            {{"total", total},
             {"resumed", download.resumed()},
             {"fetched", download.was_there() ? 0 : total - download.resumed()}}},
           {"identical", download.was_there()},
           {"edges", std::move(edges)}};
  if (rendition.kind == RenditionKind::kFile) out["sha256"] = to_hex(info.source_sha256);
  std::printf("%s\n", out.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

Status get(const GetArguments& args) {
  http_init();
  auto location = locate_title(args.url, args.edges, args.token);
  if (!location) return tl::unexpected(location.error());
  DownloadOptions options;
  options.location = *std::move(location);
  options.target = args.output;
  options.key_file = args.key_file;
  if (args.rendition == "ts") options.rendition = RenditionKind::kTs;
  options.limits.sockets = args.sockets;
  options.limits.patience = std::chrono::seconds(args.patience_s);
  options.force = args.force;
  options.progress = !args.json && !args.quiet;
  const auto say = [&](const std::string& text) {
    if (!args.quiet) std::fprintf(stderr, "%s: %s\n", kCommand, text.c_str());
  };
  options.on_notice = say;

  Download download(std::move(options));
  Status done = download.run();
  report_edges(download.edges(), args.quiet);
  if (!done) return done;
  if (args.json) {
    print_json(download);
  } else {
    say(download.was_there() ? download.target().string() + " is there already and is the same"
                             : summary(download));
  }
  return {};
}

}  // namespace

void add_get_command(CommandLine& line) {
  auto args = std::make_shared<GetArguments>();
  CLI::App* command = line.add("get", "Fetch a title into a file", [args] { return get(*args); });
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
