# SPDX-License-Identifier: MIT
# weir_run_beside(NAME SCRIPT...): the test runs beside what these scripts of
# tests/kit start, and under whatever it would have run under.
function(weir_run_beside name)
  string(REPLACE "." "_" target test_${name})
  if(NOT TARGET ${target})
    return()
  endif()
  get_target_property(under ${target} CROSSCOMPILING_EMULATOR)
  if(NOT under)
    set(under "")
  endif()
  set(scripts ${ARGN})
  list(TRANSFORM scripts PREPEND ${PROJECT_SOURCE_DIR}/tests/kit/)
  set_target_properties(${target} PROPERTIES CROSSCOMPILING_EMULATOR
                        "${scripts};${under}")
endfunction()
