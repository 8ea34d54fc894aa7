# Third-party libraries, all from Debian packages. A release build links their static archives where
# Debian ships them, so that the binary needs little beside libc.
find_package(PkgConfig REQUIRED)

# dependency(target header archive shared): an imported target from a static archive or a library.
function(woad_dependency target)
  cmake_parse_arguments(ARG "" "ARCHIVE;SHARED" "LINKS" ${ARGN})
  add_library(${target} INTERFACE)
  unset(found CACHE)
  if(WOAD_STATIC)
    find_library(found NAMES ${ARG_ARCHIVE} NO_CACHE)
  endif()
  if(NOT found)
    find_library(found NAMES ${ARG_SHARED} NO_CACHE REQUIRED)
  endif()
  target_link_libraries(${target} INTERFACE ${found} ${ARG_LINKS})
endfunction()

find_package(Threads REQUIRED)
woad_dependency(dep_uv ARCHIVE libuv_a.a SHARED uv LINKS Threads::Threads dl rt)
woad_dependency(dep_nghttp2 ARCHIVE libnghttp2.a SHARED nghttp2)
woad_dependency(dep_crypto ARCHIVE libcrypto.a SHARED crypto LINKS Threads::Threads dl)
woad_dependency(dep_ssl ARCHIVE libssl.a SHARED ssl LINKS dep_crypto)
woad_dependency(dep_yaml ARCHIVE libyaml-cpp.a SHARED yaml-cpp)
woad_dependency(dep_cares ARCHIVE libcares.a SHARED cares)
woad_dependency(dep_re2 ARCHIVE libre2.a SHARED re2 LINKS Threads::Threads)
woad_dependency(dep_xxhash ARCHIVE libxxhash.a SHARED xxhash)
woad_dependency(dep_zstd ARCHIVE libzstd.a SHARED zstd)

# spdlog, fmt, CLI11 and nlohmann-json are used header-only.
add_library(dep_spdlog INTERFACE)
target_compile_definitions(dep_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
add_library(dep_json INTERFACE)
add_library(dep_cli11 INTERFACE)

# llhttp comes as C sources. Strict mode closes three smuggling holes of the loose parser
# (end of head, end of chunk data, space before the colon).
set(WOAD_LLHTTP_DIR /usr/share/llhttp CACHE PATH "folder with llhttp.c, http.c and api.c (node-llhttp)")
add_library(dep_llhttp STATIC ${WOAD_LLHTTP_DIR}/llhttp.c ${WOAD_LLHTTP_DIR}/http.c ${WOAD_LLHTTP_DIR}/api.c)
target_compile_definitions(dep_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_include_directories(dep_llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
target_compile_options(dep_llhttp PRIVATE -w)
