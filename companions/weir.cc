// `weir`: one binary for every server role and admin tool. Only wires.
#include "companions/commands.h"

int main(int argc, char** argv) {
  weir::CommandLine line("weir", "Weir's tools for admins: films into pieces, pieces into films.");
  weir::add_split_command(line);
  weir::add_merge_command(line);
  weir::add_inspect_command(line);
  weir::add_verify_command(line);
  weir::add_token_commands(line);
  return line.run(argc, argv);
}
