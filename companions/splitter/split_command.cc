// `weir split`: arguments in, a title in the library out.
#include <cstdio>
#include <map>
#include <memory>

#include <nlohmann/json.hpp>

#include "companions/commands.h"
#include "companions/splitter/inspect_report.h"
#include "companions/splitter/splitter.h"
#include "core/title/title_id.h"
#include "runtime/human.h"
#include "runtime/progress.h"
#include "runtime/system_clock.h"

namespace weir {
namespace {

constexpr char kName[] = "weir split";

constexpr char kFooter[] =
    R"(Makes DIR/titles/ID/header.enp and DIR/pieces/, which `weir_root DIR` serves. Splitting a title
again makes a new revision: its header takes the old one's place in one step, then the old pieces go.

Examples:
  weir split film.mp4 -o /srv/weir
  weir split film.mkv -o /srv/weir --title summer --protect all --key-file /etc/weir/keys/summer.key
  weir split film.mp4 -o /srv/weir -v        shows why it starts fast or slow)";

struct Arguments {
  std::string source, output, title, piece_size = "4M", protect = "none", key_file, sign_key,
                                     gateway;
  std::string rendition, suffix = "enp", format = "auto";
  std::uint32_t partial_every = 4;
  double segment_seconds = 6;
  bool force = false, keep_old = false, verbose = false, json = false;
};

Result<SplitOptions> options_from(const Arguments& args) {
  SplitOptions out;
  out.source = args.source;
  out.library = args.output;
  out.title = args.title;
  const auto piece_bytes = parse_bytes(args.piece_size);
  if (!piece_bytes || *piece_bytes > kMaxPieceBytes) {
    return fail(ErrorCode::kBadArgument,
                "--piece-size: '" + args.piece_size + "' is no size from 1 byte to 64M");
  }
  out.piece_bytes = static_cast<std::uint32_t>(*piece_bytes);
  static const std::map<std::string, Protect> kPolicies{
      {"none", Protect::kNone}, {"partial", Protect::kPartial}, {"all", Protect::kAll}};
  out.protect = kPolicies.at(args.protect);
  if (args.partial_every < 2) {
    return fail(ErrorCode::kBadArgument, "--partial-every: at least 2 (1 would be --protect all)");
  }
  out.partial_every = args.partial_every;
  out.key_file = args.key_file;
  out.sign_key = args.sign_key;
  out.gateway = args.gateway;
  static const std::map<std::string, RenditionChoice> kRenditions{{"", RenditionChoice::kAuto},
                                                                  {"file", RenditionChoice::kFile},
                                                                  {"ts", RenditionChoice::kTs},
                                                                  {"both", RenditionChoice::kBoth}};
  out.rendition = kRenditions.at(args.rendition);
  if (!(args.segment_seconds >= 0.5 && args.segment_seconds <= 60)) {
    return fail(ErrorCode::kBadArgument, "--segment-seconds: from 0.5 to 60");
  }
  out.segment_seconds = args.segment_seconds;
  out.suffix = args.suffix;
  if (!is_title_id(out.suffix) || out.suffix.size() > 16) {
    return fail(ErrorCode::kBadArgument, "--suffix: '" + args.suffix + "' is no file name suffix");
  }
  if (args.format != "auto") {
    out.format = find_format(args.format);
    if (out.format == nullptr) {
      return fail(ErrorCode::kBadArgument,
                  "--format: '" + args.format + "' is not known: auto, " + format_names());
    }
  }
  out.force = args.force;
  out.keep_old = args.keep_old;
  return out;
}

nlohmann::json pairs(const std::vector<ByteRange>& ranges) {
  auto out = nlohmann::json::array();
  for (const ByteRange& range : ranges) out.push_back({range.offset, range.length});
  return out;
}

std::string report_json(const SplitReport& report, const Arguments& args) {
  const HeaderFile& header = report.header;
  const TitleInfo& info = header.info;
  nlohmann::json out{{"title", info.title},
                     {"header", report.header_file.string()},
                     {"library", args.output},
                     {"revision", info.revision.to_string()},
                     {"source", args.source},
                     {"size", info.source_bytes},
                     {"sha256", to_hex(info.source_sha256)},
                     {"format", info.format},
                     {"ext", info.extension},
                     {"mime", info.mime},
                     {"duration", static_cast<double>(info.duration_us) / 1e6},
                     {"protect", std::string(protect_name(info.protection.policy))},
                     {"header_bytes", report.header_bytes},
                     {"fast_start_bytes", report.fast_start_bytes},
                     {"reads", pairs(report.reads)},
                     {"ranges", pairs(header.media_header.ranges)},
                     {"warnings", report.warnings},
                     {"replaced", report.replaced},
                     {"removed_pieces", report.removed_pieces},
                     {"seconds", report.seconds}};
  if (info.protection.policy != Protect::kNone) {
    out["kid"] = info.protection.kid.to_string();
    out["key_file"] = args.key_file;
    out["key_created"] = report.key_created;
  }
  for (const Rendition& rendition : header.renditions) {
    out["renditions"].push_back({{"kind", std::string(rendition_name(rendition.kind))},
                                 {"size", rendition.bytes},
                                 {"pieces", rendition.pieces.size()}});
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_report(const SplitReport& report, const Arguments& args) {
  const HeaderFile& header = report.header;
  const ReportSizes sizes{report.header_bytes, report.fast_start_bytes};
  if (args.verbose) {
    std::fputs(title_report(header, sizes).c_str(), stdout);
    std::fputs(reads_table(report.reads, report.read_calls).c_str(), stdout);
    std::fputs(ranges_table(header.media_header).c_str(), stdout);
    for (const Rendition& rendition : header.renditions) {
      std::fputs(pieces_table(rendition).c_str(), stdout);
    }
    std::fputs("\n", stdout);
  }
  std::string line = header.info.title + ": " + human_bytes(header.info.source_bytes);
  for (const Rendition& rendition : header.renditions) {
    const bool file = rendition.kind == RenditionKind::kFile;
    line += ", " + grouped(rendition.pieces.size()) + (file ? " pieces" : " ts segments");
  }
  line += ", " + start_report(sizes);
  if (report.replaced) line += "; replaced the revision before";
  std::printf("%s\n", line.c_str());
  if (report.key_created) std::printf("%s: new content key, keep it safe\n", args.key_file.c_str());
  std::printf("%s\n", report.header_file.c_str());
}

Status run(const Arguments& args) {
  const auto options = options_from(args);
  if (!options) return tl::unexpected(options.error());
  const SystemClock clock;
  Progress bar(kName, 0, clock, !args.json);
  const auto report = split_title(*options, clock, [&](std::uint64_t done, std::uint64_t total) {
    bar.set_total(total);
    bar.at(done);
  });
  bar.finish();
  if (!report) return tl::unexpected(report.error());
  for (const std::string& warning : report->warnings) print_warning(kName, warning);
  if (args.json) {
    print_result(report_json(*report, args));
  } else {
    print_report(*report, args);
  }
  return {};
}

}  // namespace

void add_split_command(CommandLine& line) {
  auto args = std::make_shared<Arguments>();
  CLI::App* command =
      line.add("split", "Cut a film into pieces and a header file", [args] { return run(*args); });
  command->add_option("SOURCE", args->source, "The film")->required();
  command->add_option("-o,--output", args->output, "The library DIR, made when missing")
      ->required()
      ->type_name("DIR");
  command->add_option("--title", args->title, "Title id in URLs; else from the file's name")
      ->type_name("ID");
  command->add_option("--piece-size", args->piece_size, "Largest piece, up to 64M (4M)")
      ->type_name("SIZE");
  command->add_option("--protect", args->protect, "What is encrypted: none, partial or all (none)")
      ->check(CLI::IsMember({"none", "partial", "all"}))
      ->type_name("POLICY");
  command
      ->add_option("--partial-every", args->partial_every,
                   "With partial: one piece in N, and the media header (4)")
      ->type_name("N");
  command->add_option("--key-file", args->key_file, "Content key; made (0600) when missing")
      ->type_name("FILE");
  command
      ->add_option("--gateway", args->gateway, "Where players ask for the key, if not at the edge")
      ->type_name("URL");
  command->add_option("--sign-key", args->sign_key, "Sign the header file (from weir token keygen)")
      ->type_name("KEY");
  command
      ->add_option("--rendition", args->rendition,
                   "file, ts or both (both where the codecs allow it)")
      ->check(CLI::IsMember({"file", "ts", "both"}))
      ->type_name("KIND");
  command
      ->add_option("--segment-seconds", args->segment_seconds, "Shortest ts segment, seconds (6)")
      ->type_name("S");
  command
      ->add_option("--format", args->format,
                   "auto, or what the source must be: " + format_names() + " (auto)")
      ->type_name("FORMAT");
  command->add_option("--suffix", args->suffix, "Of the header file's name (enp)")
      ->type_name("SUFFIX");
  command->add_flag("--force", args->force, "Replace a title that was made from another file");
  command->add_flag("--keep-old", args->keep_old, "Leave the pieces of the revision replaced");
  command->add_flag("-v,--verbose", args->verbose, "Show the connection information as tables");
  command->add_flag("--json", args->json, "Print one JSON object, for machines");
  CommandLine::footer(command, kFooter);
}

}  // namespace weir
