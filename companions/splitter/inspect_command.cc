// `weir inspect`: what a header file says.
#include <cstdio>
#include <memory>

#include "companions/commands.h"
#include "companions/splitter/inspect_report.h"
#include "companions/splitter/library.h"
#include "core/title/header_json.h"

namespace weir {
namespace {

struct Arguments {
  std::string header;
  bool json = false;
};

Status run(const Arguments& args) {
  const auto header = load_header(args.header);
  if (!header) return tl::unexpected(header.error());
  if (args.json) {
    print_result(header_to_json(*header));
    return {};
  }
  ReportSizes sizes;
  if (const auto bytes = read_file(args.header, kMaxHeaderBytes)) {
    sizes.header_bytes = bytes->size();
    if (const auto preamble = HeaderPreamble::decode(*bytes)) {
      sizes.fast_start_bytes = preamble->fast_start_bytes;
    }
  }
  std::fputs(title_report(*header, sizes).c_str(), stdout);
  if (!header->media_header.ranges.empty()) {
    std::fputs(ranges_table(header->media_header).c_str(), stdout);
  }
  for (const Rendition& rendition : header->renditions) {
    std::fputs(pieces_table(rendition).c_str(), stdout);
  }
  return {};
}

}  // namespace

void add_inspect_command(CommandLine& line) {
  auto args = std::make_shared<Arguments>();
  CLI::App* command =
      line.add("inspect", "Show what a header file says", [args] { return run(*args); });
  command->add_option("HEADER", args->header, "The header file")->required();
  command->add_flag("--json", args->json, "Print the JSON view, with every piece");
  CommandLine::footer(command,
                      "Needs neither the pieces nor the key. Flags of a piece: k starts at a key "
                      "frame, s sealed.");
}

}  // namespace weir
