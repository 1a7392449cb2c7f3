# SPDX-License-Identifier: MIT
# Tests are found, not listed: an x_test.c beside x.c is one, and a folder of
# tests/ says weir_test() or weir_fuzz().
find_library(WEIR_CMOCKA cmocka)
if(WEIR_TESTS AND NOT WEIR_CMOCKA)
  message(WARNING "Tests in C are left out: there is no cmocka")
endif()

# The options of every sanitizer for every test; each reads only its own.
set(WEIR_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# weir_test(NAME SOURCES ... [LABELS ...] [ENV A=b ...] [TIMEOUT s] [ARGS ...])
# A program of cmocka that sees the inside of the library. Its exit status 77
# means that it was skipped, with the reason in its output.
function(weir_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LABELS;ENV;ARGS" ${ARGN})
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "usage: weir_test(name SOURCES ... LABELS ... ENV ...)")
  endif()
  if(NOT WEIR_CMOCKA)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  string(REPLACE "." "_" target test_${name})
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE weir_static ${WEIR_CMOCKA}
                        Threads::Threads m)
  get_property(packages GLOBAL PROPERTY WEIR_PACKAGES)
  foreach(package ${packages}) # a driver's test sees what its driver sees
    target_include_directories(${target} SYSTEM PRIVATE
      $<TARGET_PROPERTY:PkgConfig::${package},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  add_test(NAME ${name} COMMAND ${target} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}"
    TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "${WEIR_TEST_ENVIRONMENT};${arg_ENV}")
endfunction()

# weir_fuzz(NAME SOURCES x_fuzz.c [CORPUS folder]): LLVMFuzzerTestOneInput. In
# the fuzz preset a fuzzer, build/fuzz/.../fuzz_NAME; elsewhere a test, that
# replays the corpus and its mutations.
function(weir_fuzz name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES" ${ARGN})
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "usage: weir_fuzz(name SOURCES ... CORPUS folder)")
  endif()
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(fuzz_${name} PRIVATE weir_static Threads::Threads m)
  if(WEIR_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tools/replay.c)
  if(arg_CORPUS)
    file(GLOB inputs CONFIGURE_DEPENDS
         ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}/*)
  endif()
  add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${inputs})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 300
    ENVIRONMENT "${WEIR_TEST_ENVIRONMENT}")
endfunction()

# Every x_test.c beside its x.c; those of a database only if it was built.
function(weir_unit_tests)
  get_property(backends GLOBAL PROPERTY WEIR_BACKENDS)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/*_test.c)
  foreach(file ${found})
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}/src ${file})
    if(path MATCHES "^db/([^/]*)/" AND NOT CMAKE_MATCH_1 IN_LIST backends)
      continue()
    endif()
    string(REGEX REPLACE "_test\\.c$" "" path ${path})
    string(REPLACE "/" "." name ${path})
    weir_test(unit.${name} SOURCES ${file} LABELS unit)
  endforeach()
endfunction()
