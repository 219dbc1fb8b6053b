# SPDX-License-Identifier: Apache-2.0
# What shows that hostile shapes and odd processes do no harm. Included by CMakeLists.txt of this folder.
option(CORR2D_BUILD_FUZZERS "Build the fuzz targets for libFuzzer: clang, with -fsanitize=fuzzer-no-link" OFF)

# The fuzz targets, each replayed on its corpus without a fuzzer.
foreach(target layer simple)
    add_library(corr2d_fuzz_${target} OBJECT fuzz/${target}.c fuzz/bytes.c fuzz/target.c)
    target_link_libraries(corr2d_fuzz_${target} PUBLIC corr2d_test_support)
    add_executable(fuzz-replay-${target} fuzz/replay.c)
    target_link_libraries(fuzz-replay-${target} PRIVATE corr2d_fuzz_${target} corr2d_testing)
    corr2d_add_test(fuzz-${target} 600 fuzz-replay-${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
    if(CORR2D_BUILD_FUZZERS)
        add_executable(fuzz-${target})
        target_link_libraries(fuzz-${target} PRIVATE corr2d_fuzz_${target} corr2d_testing)
        target_link_options(fuzz-${target} PRIVATE -fsanitize=fuzzer)
    endif()
endforeach()

# Plain programs on the static library.
if(TARGET corr2d_static)
    add_executable(check-limits check-limits.c)
    target_link_libraries(check-limits PRIVATE corr2d_test_support corr2d_static)
    target_link_options(check-limits PRIVATE LINKER:--wrap=aligned_alloc)
    corr2d_add_test(limits 600 check-limits)
    if(CMAKE_SIZEOF_VOID_P EQUAL 8)
        add_executable(check-huge check-huge.c)
        target_link_libraries(check-huge PRIVATE corr2d_test_support corr2d_static)
        corr2d_add_test(huge 300 check-huge)
    endif()
endif()
