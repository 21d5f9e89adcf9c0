// `weir merge`: a header file and its pieces become the original file again.
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "companions/commands.h"
#include "companions/splitter/key_file.h"
#include "companions/splitter/library.h"
#include "companions/splitter/merger.h"
#include "runtime/human.h"
#include "runtime/progress.h"
#include "runtime/system_clock.h"

namespace weir {
namespace {

constexpr char kName[] = "weir merge";

struct Arguments {
  std::string header, output, pieces, from, key_file;
  bool json = false;
};

Result<std::unique_ptr<PieceSource>> source_for(const Arguments& args) {
  if (!args.from.empty()) return pieces_from_edge(args.from);
  if (!args.pieces.empty()) return pieces_in_folder(args.pieces);
  return pieces_in_folder(pieces_beside(args.header));
}

Status run(const Arguments& args) {
  const auto header = load_header(args.header);
  if (!header) return tl::unexpected(header.error());
  std::optional<ContentKey> key;
  if (!args.key_file.empty() && header->info.protection.policy != Protect::kNone) {
    auto loaded = load_content_key(args.key_file);
    if (!loaded) return tl::unexpected(loaded.error());
    key = *loaded;
  }
  const auto opener = PieceOpener::make(*header, std::move(key));
  if (!opener) return tl::unexpected(opener.error());
  const auto source = source_for(args);
  if (!source) return tl::unexpected(source.error());
  const SystemClock clock;
  Progress bar(kName, 0, clock, !args.json);
  const auto merged = merge_title(*header, *opener, **source, args.output,
                                  [&](std::uint64_t done, std::uint64_t total) {
                                    bar.set_total(total);
                                    bar.at(done);
                                  });
  bar.finish();
  if (!merged) return tl::unexpected(merged.error());
  if (args.json) {
    const nlohmann::json out{
        {"title", header->info.title}, {"file", args.output},
        {"size", merged->bytes},       {"sha256", to_hex(header->info.source_sha256)},
        {"pieces", merged->pieces},    {"seconds", merged->seconds}};
    print_result(out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    std::printf("%s: %s, the original of %s\n", args.output.c_str(),
                human_bytes(merged->bytes).c_str(), header->info.title.c_str());
  }
  return {};
}

}  // namespace

void add_merge_command(CommandLine& line) {
  auto args = std::make_shared<Arguments>();
  CLI::App* command = line.add("merge", "Make the original file out of its pieces again",
                               [args] { return run(*args); });
  command->add_option("HEADER", args->header, "The header file")->required();
  command->add_option("-o,--output", args->output, "The file to write")
      ->required()
      ->type_name("FILE");
  CLI::Option* const pieces =
      command->add_option("--pieces", args->pieces, "Where the pieces are (../../pieces)")
          ->type_name("DIR");
  command->add_option("--from", args->from, "Fetch the pieces from an edge; may end in /~TOKEN")
      ->type_name("URL")
      ->excludes(pieces);
  command->add_option("--key-file", args->key_file, "Content key of a protected title")
      ->type_name("FILE");
  command->add_flag("--json", args->json, "Print one JSON object, for machines");
  CommandLine::footer(
      command,
      "Checks every piece and the whole file by SHA-256; FILE appears only when all "
      "of it is right.\n\nExamples:\n"
      "  weir merge /srv/weir/titles/film/header.enp -o film.mp4\n"
      "  weir merge header.enp -o film.mp4 --from http://edge/~TOKEN --key-file film.key");
}

}  // namespace weir
