# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` copies: libraries, header, CMake package and pkg-config file, none of which names a prefix.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/corr2d)

install(FILES include/corr2d.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/corr2d DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(CORR2D_BUILD_STATIC)
    install(TARGETS corr2d_static EXPORT corr2d-targets)
endif()
if(CORR2D_BUILD_SHARED)
    install(TARGETS corr2d_shared EXPORT corr2d-targets)
endif()
install(EXPORT corr2d-targets NAMESPACE corr2d:: DESTINATION ${package_dir})

configure_package_config_file(cmake/corr2d-config.cmake.in ${PROJECT_BINARY_DIR}/corr2d-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/corr2d-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/corr2d-config.cmake ${PROJECT_BINARY_DIR}/corr2d-config-version.cmake
        DESTINATION ${package_dir})

# Paths from the folder of corr2d.pc, so that the installed tree can be moved.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pc_dir} OUTPUT_VARIABLE pc_to_prefix)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${pc_dir} OUTPUT_VARIABLE pc_to_include)
configure_file(cmake/corr2d.pc.in ${PROJECT_BINARY_DIR}/corr2d.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/corr2d.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
