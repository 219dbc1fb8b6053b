# SPDX-License-Identifier: Apache-2.0
# Which peers are installed: each one found gets its file and its library. CORR2D_PERF_PEERS=ON asks for all of them.

# corr2d_find_peer(<name> <libraries> <file> <C source that tells usable headers> <symbol>...)
function(corr2d_find_peer name libraries file source)
    set(found "")
    foreach(library IN LISTS libraries)
        find_library(CORR2D_PEER_${library} ${library})
        mark_as_advanced(CORR2D_PEER_${library})
        list(APPEND found ${CORR2D_PEER_${library}})
    endforeach()
    check_c_source_compiles("${source}\nint main(void) { return 0; }" CORR2D_PEER_${name}_HEADER)
    set(usable ${CORR2D_PEER_${name}_HEADER})
    if(NOT usable)
        unset(CORR2D_PEER_${name}_HEADER CACHE) # it may be installed before the next time
    endif()
    if(NOT found MATCHES "NOTFOUND" AND usable)
        corr2d_add_peer(${file} ${ARGN})
        set(peer_list "${peer_list}" PARENT_SCOPE)
        target_link_libraries(corr2d_perf PRIVATE ${found})
    elseif(CORR2D_PERF_PEERS STREQUAL "ON")
        message(FATAL_ERROR "corr2d_perf: no usable ${name}, but CORR2D_PERF_PEERS is ON")
    endif()
endfunction()

if(CORR2D_PERF_PEERS)
    # Version 3 of oneDNN has another C interface.
    corr2d_find_peer(ONEDNN dnnl onednn.c "#include <dnnl.h>\n#if DNNL_VERSION_MAJOR != 2\n#error\n#endif"
                     peer_onednn_any peer_onednn_nchw peer_onednn_nhwc)
    corr2d_find_peer(XNNPACK "XNNPACK;cpuinfo" xnnpack.c "#include <cpuinfo.h>\n#include <xnnpack.h>" peer_xnnpack)
    corr2d_find_peer(OPENBLAS openblas openblas.c "#include <cblas.h>\n#ifndef OPENBLAS_VERSION\n#error\n#endif"
                     peer_openblas)
    # A static library in Debian, which calls BLAS.
    corr2d_find_peer(LIBXSMM "xsmm;openblas" libxsmm.c "#include <libxsmm.h>" peer_libxsmm)
endif()
