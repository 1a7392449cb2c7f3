# SPDX-License-Identifier: MIT
# weir_beside_postgres(NAME): the test runs beside a server of its own
# (tests/kit/postgres.sh), and under whatever it would have run under.
function(weir_beside_postgres name)
  string(REPLACE "." "_" target test_${name})
  if(NOT TARGET ${target})
    return()
  endif()
  get_target_property(under ${target} CROSSCOMPILING_EMULATOR)
  if(NOT under)
    set(under "")
  endif()
  set_target_properties(${target} PROPERTIES CROSSCOMPILING_EMULATOR
    "${PROJECT_SOURCE_DIR}/tests/kit/postgres.sh;${under}")
endfunction()
