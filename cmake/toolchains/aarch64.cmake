# SPDX-License-Identifier: Apache-2.0
# Once tests/ci-aarch64 has made the sysroot, Criterion's tests build as well.
set(triplet aarch64-linux-gnu)
set(qemu_cpu aarch64)
cmake_path(SET sysroot NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../../build/aarch64-sysroot)
if(NOT EXISTS ${sysroot})
    unset(sysroot)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
