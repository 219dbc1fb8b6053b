# SPDX-License-Identifier: Apache-2.0
# 32-bit sizes. Floats in SSE registers: the x87's would keep more bits than a float has.
# An x86-64 machine runs the programs itself.
set(triplet i686-linux-gnu)
set(qemu_cpu i386)
set(CMAKE_C_FLAGS_INIT "-msse2 -mfpmath=sse")
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
set(CMAKE_CROSSCOMPILING_EMULATOR ${library_root}/lib/ld-linux.so.2 --library-path ${library_root}/lib)
