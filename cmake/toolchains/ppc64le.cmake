# SPDX-License-Identifier: Apache-2.0
set(triplet powerpc64le-linux-gnu)
set(qemu_cpu ppc64le)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
