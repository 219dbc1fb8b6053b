# SPDX-License-Identifier: Apache-2.0
set(triplet riscv64-linux-gnu)
set(qemu_cpu riscv64)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
