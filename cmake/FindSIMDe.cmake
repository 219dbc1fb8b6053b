# SPDX-License-Identifier: Apache-2.0
# Finds SIMDe, which is headers only, and defines SIMDe::SIMDe. SIMDE_INCLUDE_DIR may name the folder that holds simde/.
#
# The headers serve every target, so the host's copy will do when cross-compiling. But its folder, often /usr/include,
# must not get in front of the target's own headers: the compiler is shown a link to simde/ alone.
include(FindPackageHandleStandardArgs)

find_path(SIMDE_INCLUDE_DIR simde/x86/avx2.h NO_CMAKE_FIND_ROOT_PATH DOC "The folder that holds simde/")
find_package_handle_standard_args(SIMDe REQUIRED_VARS SIMDE_INCLUDE_DIR REASON_FAILURE_MESSAGE
    "simde/x86/avx2.h is not on this machine: install libsimde-dev (Debian), simde-devel (Fedora) or simde (elsewhere)")
mark_as_advanced(SIMDE_INCLUDE_DIR)

if(SIMDe_FOUND AND NOT TARGET SIMDe::SIMDe)
    set(simde_link_folder ${PROJECT_BINARY_DIR}/simde-link)
    file(MAKE_DIRECTORY ${simde_link_folder})
    file(CREATE_LINK ${SIMDE_INCLUDE_DIR}/simde ${simde_link_folder}/simde SYMBOLIC)
    add_library(SIMDe::SIMDe INTERFACE IMPORTED)
    target_include_directories(SIMDe::SIMDe SYSTEM INTERFACE ${simde_link_folder})
endif()
