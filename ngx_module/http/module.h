// The module object nginx knows us by.
#pragma once

#include "ngx_module/glue/ngx.h"

extern "C" ngx_module_t ngx_http_weir_module;
