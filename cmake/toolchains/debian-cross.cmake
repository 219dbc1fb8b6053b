# SPDX-License-Identifier: Apache-2.0
# Debian's cross compilers, and qemu-user to run what they build. The file that includes this one sets
#   triplet     of the compilers: ${triplet}-gcc
#   qemu_cpu    as in qemu-${qemu_cpu}-static
#   sysroot     the target's libraries and headers, where they are not the cross compiler's own; may be unset
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${qemu_cpu})
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${triplet}-g++)

set(library_root /usr/${triplet})
if(sysroot)
    set(CMAKE_SYSROOT ${sysroot})
    set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
    set(library_root ${sysroot})
endif()
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${qemu_cpu}-static -L ${library_root})

set(CMAKE_FIND_ROOT_PATH ${library_root})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${library_root}/lib/pkgconfig:${library_root}/usr/lib/${triplet}/pkgconfig)
