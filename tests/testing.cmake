# woad_test(name SOURCES … LINKS …): one doctest program, one ctest entry.
find_package(doctest REQUIRED)
add_library(woad_test_main STATIC ${PROJECT_SOURCE_DIR}/tests/support/main.cc)
target_link_libraries(woad_test_main PUBLIC doctest::doctest)

function(woad_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(test_${name} PRIVATE WOAD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(test_${name} PRIVATE woad_warnings woad_test_main ${ARG_LINKS})
  woad_precompile(test_${name} woad_precompiled_tests)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# woad_fuzz(name SOURCES … LINKS …): a libFuzzer target, only in the presets asan and fuzz (which is
# optimized, for long runs); its committed corpus is tests/fuzz/corpus/<name>/.
function(woad_fuzz name)
  if(NOT WOAD_PRESET MATCHES "^(asan|fuzz)$")
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE woad_warnings ${ARG_LINKS})
endfunction()
