# SPDX-License-Identifier: MIT
# make install: headers, both libraries, pkg-config and find_package().
include(CMakePackageConfigHelpers)
get_property(WEIR_REQUIRES GLOBAL PROPERTY WEIR_PACKAGES)
list(REMOVE_DUPLICATES WEIR_REQUIRES)
# A static libweir is linked with shared client libraries: what these need
# themselves (pkg-config --static names archives that Debian does not package)
# is their own affair.
set(WEIR_LIBS_PRIVATE "")
foreach(package ${WEIR_REQUIRES})
  string(JOIN " " flags ${${package}_LDFLAGS})
  string(APPEND WEIR_LIBS_PRIVATE " ${flags}")
endforeach()
string(STRIP "${WEIR_LIBS_PRIVATE}" WEIR_LIBS_PRIVATE)
string(REPLACE ";" " " WEIR_REQUIRES "${WEIR_REQUIRES}")
set(WEIR_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Weir)

install(DIRECTORY include/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(TARGETS weir weir_static EXPORT WeirTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT WeirTargets NAMESPACE Weir:: DESTINATION ${WEIR_CONFIG_DIR})

configure_package_config_file(cmake/WeirConfig.cmake.in
  ${PROJECT_BINARY_DIR}/WeirConfig.cmake
  INSTALL_DESTINATION ${WEIR_CONFIG_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/WeirConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/WeirConfig.cmake
        ${PROJECT_BINARY_DIR}/WeirConfigVersion.cmake
        DESTINATION ${WEIR_CONFIG_DIR})

configure_file(cmake/weir.pc.in ${PROJECT_BINARY_DIR}/weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
