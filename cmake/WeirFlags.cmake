# SPDX-License-Identifier: MIT
# Warnings, hardening and sanitizers, for everything we compile.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion
                    -Wstrict-prototypes -Wformat=2 -Werror=format-security)
add_compile_options(-fno-semantic-interposition)
add_compile_definitions(_GNU_SOURCE) # memmem, strcasestr
if(WEIR_WERROR)
  add_compile_options(-Werror)
endif()

if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Calls into other libraries without a detour; all of them are bound when
  # the program starts, anyway (-z now).
  add_compile_options(-fno-plt)
  # A function begins where a line of the cache does: what a statement runs
  # through is many short ones (docs/decisions/0053).
  add_compile_options(-falign-functions=64)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
                      -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-fcf-protection=full)
  endif()
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
endif()
if(WEIR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
