# SPDX-License-Identifier: BSD-2-Clause
find_program(BPF_CLANG NAMES clang-19 clang REQUIRED)
find_program(BPF_TOOL NAMES bpftool HINTS /usr/sbin REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip-19 llvm-strip REQUIRED)

add_custom_target(skeletons) # builds all skeletons

# add_bpf_skeleton(TARGET SOURCE
#                  INCLUDES dir...)
#
# Compiles SOURCE (NAME.bpf.c) for the BPF target and generates its skeleton NAME.skel.h with bpftool. TARGET is an
# interface library: what links it finds the header, and is rebuilt when SOURCE or a header that SOURCE includes changes
# (the compiler writes the dependency list). Debug information is stripped, BTF is kept. The build uses no kernel header
# and no vmlinux.h of the build host, so the object runs on every kernel.
function(add_bpf_skeleton TARGET SOURCE)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "INCLUDES")
  cmake_path(GET SOURCE FILENAME file)
  string(REPLACE ".bpf.c" "" name ${file})
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${SOURCE})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  list(TRANSFORM ARG_INCLUDES PREPEND -I)

  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPF_CLANG} --target=bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror ${ARG_INCLUDES}
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MMD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
    COMMAND ${BPF_STRIP} -g ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "BPF object ${name}.bpf.o"
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPF_TOOL} --legacy gen skeleton ${object} name ${name}_bpf > ${skeleton}
    DEPENDS ${object}
    COMMENT "BPF skeleton ${name}.skel.h"
    VERBATIM)

  add_custom_target(${TARGET}_generate DEPENDS ${skeleton})
  add_dependencies(skeletons ${TARGET}_generate)
  add_library(${TARGET} INTERFACE)
  add_dependencies(${TARGET} ${TARGET}_generate)
  target_sources(${TARGET} INTERFACE ${skeleton})
  target_include_directories(${TARGET} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
