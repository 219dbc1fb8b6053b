# SPDX-License-Identifier: Apache-2.0
# What shows that hostile shapes and odd processes do no harm. Included by CMakeLists.txt of this folder.
option(CORR2D_BUILD_FUZZERS "Build the fuzz targets for libFuzzer: clang, with -fsanitize=fuzzer-no-link" OFF)

# The fuzz targets, each replayed on its corpus without a fuzzer.
foreach(target layer simple)
    add_library(corr2d_fuzz_${target} OBJECT fuzz/${target}.c fuzz/bytes.c fuzz/target.c)
    target_link_libraries(corr2d_fuzz_${target} PUBLIC corr2d_test_support)
    add_executable(fuzz-replay-${target} fuzz/replay.c)
    target_link_libraries(fuzz-replay-${target} PRIVATE corr2d_fuzz_${target} corr2d_testing)
    corr2d_add_test(fuzz-${target} 600 fuzz-replay-${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target}.hex)
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
    if(CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT CMAKE_CROSSCOMPILING)
        add_executable(check-huge check-huge.c)
        target_link_libraries(check-huge PRIVATE corr2d_test_support corr2d_static)
        corr2d_add_test(huge 300 check-huge)
    endif()
endif()

# The same bits from every variant of this build; where it is slow, of a tenth of the layers.
if(optimised AND NOT CMAKE_CROSSCOMPILING)
    set(hash_layers 10000)
else()
    set(hash_layers 1000)
endif()
add_executable(check-hash check-hash.c)
target_link_libraries(check-hash PRIVATE corr2d_test_support corr2d_testing)
corr2d_add_test(hash 900 check-hash ${hash_layers})

# Threads, stack, floating-point modes; loading.
find_package(Threads REQUIRED)
add_executable(check-threads check-threads.c)
target_link_libraries(check-threads PRIVATE corr2d_test_support corr2d_testing Threads::Threads)
corr2d_add_test(threads 300 check-threads)
add_executable(check-modes check-modes.c)
target_link_libraries(check-modes PRIVATE corr2d_test_support corr2d_testing)
corr2d_add_test(modes 300 check-modes)
if(optimised AND TARGET corr2d_static)
    add_executable(check-stack check-stack.c)
    target_link_libraries(check-stack PRIVATE corr2d_test_support corr2d_static Threads::Threads)
    corr2d_add_test(stack 300 check-stack)
endif()
# A sanitizer maps memory as it likes.
if(TARGET corr2d_static AND TARGET corr2d_shared AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    add_library(check-loading-plugin MODULE check-loading-plugin.c)
    target_link_libraries(check-loading-plugin PRIVATE corr2d_options corr2d_static)
    add_executable(check-loading check-loading.c)
    target_include_directories(check-loading PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(check-loading PRIVATE corr2d_options ${CMAKE_DL_LIBS})
    corr2d_add_test(loading 120 check-loading $<TARGET_FILE:corr2d_shared> $<TARGET_FILE:check-loading-plugin>)
endif()

# Native vector code under valgrind; sanitizers do that work elsewhere.
if(optimised AND NOT CMAKE_CROSSCOMPILING AND TARGET corr2d_static)
    corr2d_add_test(memcheck 600 ${CMAKE_CURRENT_SOURCE_DIR}/check-memcheck $<TARGET_FILE:check-variants-static>)
endif()
