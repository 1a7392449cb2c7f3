# SPDX-License-Identifier: MIT
# Folders are features: a folder with a CMakeLists.txt is built, a file put
# into a layer's folder is compiled, an x_test.c beside x.c is a test. Nothing
# is listed twice.
set_property(GLOBAL PROPERTY WEIR_BACKENDS "")
set_property(GLOBAL PROPERTY WEIR_MISSING "")

set(WEIR_LAYERS base value url sql pool backend engine)

# The objects, the shared and the static library.
function(weir_library)
  set(sources "")
  foreach(layer ${WEIR_LAYERS})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/*.c)
    list(FILTER found EXCLUDE REGEX "_test\\.c$")
    list(APPEND sources ${found})
  endforeach()
  add_library(weir_objects OBJECT ${sources})
  target_include_directories(weir_objects PUBLIC ${PROJECT_SOURCE_DIR}/include
                             PRIVATE ${PROJECT_SOURCE_DIR}/src)
  add_library(weir SHARED)
  add_library(weir_static STATIC)
  set_target_properties(weir_static PROPERTIES OUTPUT_NAME weir)
  set_target_properties(weir PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
  foreach(library weir weir_static)
    target_link_libraries(${library} PRIVATE weir_objects Threads::Threads m)
    target_include_directories(${library} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endforeach()
  target_link_options(weir PRIVATE -Wl,-z,defs)
  if(WEIR_SANITIZE)
    target_link_options(weir PRIVATE -Wl,-z,undefs)
  endif()
endfunction()

# weir_backend(NAME SOURCES a.c b.c PACKAGES pkg-config names)
# Declared by src/db/NAME/CMakeLists.txt. Without its packages the database is
# left out, and the library can say why.
function(weir_backend name)
  cmake_parse_arguments(arg "" "" "SOURCES;PACKAGES" ${ARGN})
  foreach(package ${arg_PACKAGES})
    pkg_check_modules(${package} IMPORTED_TARGET ${package})
    if(NOT ${package}_FOUND)
      message(WARNING "${name} is left out: pkg-config knows no ${package}")
      set_property(GLOBAL APPEND PROPERTY WEIR_MISSING "${name}:${package}")
      return()
    endif()
    target_link_libraries(weir_objects PUBLIC PkgConfig::${package})
  endforeach()
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_sources(weir_objects PRIVATE ${arg_SOURCES})
  set_property(GLOBAL APPEND PROPERTY WEIR_BACKENDS ${name})
endfunction()

# Builds every sub-folder that has a CMakeLists.txt.
function(weir_folders dir)
  file(GLOB lists CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/CMakeLists.txt
       ${PROJECT_SOURCE_DIR}/${dir}/*/CMakeLists.txt)
  foreach(list ${lists})
    get_filename_component(folder ${list} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
endfunction()

# The table of compiled-in backends, from the folders that were built.
function(weir_generate_registry)
  get_property(names GLOBAL PROPERTY WEIR_BACKENDS)
  get_property(absent GLOBAL PROPERTY WEIR_MISSING)
  set(externs "")
  set(entries "")
  set(missing "")
  foreach(name ${names})
    string(APPEND externs "extern const weir_backend weir_backend_${name};\n")
    string(APPEND entries "    &weir_backend_${name},\n")
  endforeach()
  foreach(pair ${absent})
    string(REPLACE ":" ";" parts ${pair})
    list(GET parts 0 name)
    list(GET parts 1 package)
    string(APPEND missing "    {\"${name}\", \"${package}\"},\n")
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/src/backend/registry_table.c.in
                 ${PROJECT_BINARY_DIR}/registry_table.c @ONLY)
  target_sources(weir_objects PRIVATE ${PROJECT_BINARY_DIR}/registry_table.c)
endfunction()

# weir_test(NAME SOURCES … [LABELS …] [ENV A=b …]): a cmocka program.
function(weir_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LABELS;ENV" ${ARGN})
  string(REPLACE "." "_" target test_${name})
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE weir_static cmocka Threads::Threads)
  add_test(NAME ${name} COMMAND ${target})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}"
    TIMEOUT 300 ENVIRONMENT "${arg_ENV}")
endfunction()

# Every x_test.c beside its x.c.
function(weir_unit_tests)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/*_test.c)
  foreach(file ${found})
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}/src ${file})
    string(REGEX REPLACE "_test\\.c$" "" path ${path})
    string(REPLACE "/" "." name ${path})
    weir_test(unit.${name} SOURCES ${file} LABELS unit)
  endforeach()
endfunction()
