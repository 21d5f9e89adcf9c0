# nginx's headers for the module: WEIR_NGINX_OBJS when the caller configured an nginx itself (nginx's own
# ./configure --add-dynamic-module does), else one `configure` of WEIR_NGINX_SOURCE into the build directory with the
# features of the distribution's binary, whose signature the module must carry.
set(nginx_src "${WEIR_NGINX_SOURCE}")
if(WEIR_NGINX_OBJS)
  set(nginx_objs "${WEIR_NGINX_OBJS}")
else()
  set(nginx_objs "${CMAKE_BINARY_DIR}/nginx/objs")
  if(NOT EXISTS "${nginx_objs}/ngx_auto_config.h")
    message(STATUS "Configuring nginx headers in ${nginx_objs}")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/nginx")
    file(COPY "${nginx_src}/" DESTINATION "${CMAKE_BINARY_DIR}/nginx/tree")
    execute_process(
      COMMAND ./configure --builddir=${nginx_objs} --with-compat --with-debug --with-threads --with-http_ssl_module
              --with-http_v2_module --with-http_realip_module
      WORKING_DIRECTORY "${CMAKE_BINARY_DIR}/nginx/tree"
      OUTPUT_FILE "${CMAKE_BINARY_DIR}/nginx/configure.log"
      ERROR_FILE "${CMAKE_BINARY_DIR}/nginx/configure.log"
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "nginx's configure failed: see ${CMAKE_BINARY_DIR}/nginx/configure.log")
    endif()
  endif()
endif()

add_library(weir_nginx_headers INTERFACE)
target_include_directories(weir_nginx_headers SYSTEM INTERFACE
  "${nginx_src}/src/core" "${nginx_src}/src/event" "${nginx_src}/src/event/modules" "${nginx_src}/src/os/unix"
  "${nginx_src}/src/http" "${nginx_src}/src/http/modules" "${nginx_src}/src/http/v2" "${nginx_objs}")
# QUIC and HTTP/3 came with 1.25.
foreach(later IN ITEMS event/quic http/v3)
  if(EXISTS "${nginx_src}/src/${later}")
    target_include_directories(weir_nginx_headers SYSTEM INTERFACE "${nginx_src}/src/${later}")
  endif()
endforeach()
