#include "ngx_module/http/directives.h"

namespace weir::edge {

std::span<const ngx_command_t> title_directives() noexcept {
  return {};
}
std::span<const PhaseHook> title_hooks() noexcept {
  return {};
}
std::span<const Variable> title_variables() noexcept {
  return {};
}

}  // namespace weir::edge
