#include "ngx_module/http/directives.h"

namespace weir::edge {

std::span<const ngx_command_t> token_directives() noexcept {
  return {};
}
std::span<const PhaseHook> token_hooks() noexcept {
  return {};
}
std::span<const Variable> token_variables() noexcept {
  return {};
}

}  // namespace weir::edge
