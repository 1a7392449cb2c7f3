# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/beside.cmake)

# weir_beside_postgres(NAME): the test runs beside a server of its own.
function(weir_beside_postgres name)
  weir_run_beside(${name} postgres.sh)
endfunction()

# weir_behind_pgbouncer(NAME): and with a pooler in front of it.
function(weir_behind_pgbouncer name)
  weir_run_beside(${name} postgres.sh pgbouncer.sh)
endfunction()
