# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/beside.cmake)

# weir_beside_mariadb(NAME): the test runs beside a server of its own.
function(weir_beside_mariadb name)
  weir_run_beside(${name} mariadb.sh)
endfunction()
