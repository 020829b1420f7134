# SPDX-License-Identifier: BSD-2-Clause
# Removes the files that the latest `cmake --install` installed, and then flowlabel's own directories that are empty.
# MANIFESTS is the build directory, where the install leaves its lists of files. DESTDIR works as it does there.
file(GLOB manifests ${MANIFESTS}/install_manifest*.txt)
if(NOT manifests)
  message(FATAL_ERROR "nothing to uninstall: ${MANIFESTS} has no install_manifest.txt, which 'cmake --install' writes")
endif()

message("\
What is attached goes on counting. If you did not detach it before, do so now:
    ${MANIFESTS}/bin/flowlabel detach --all --all-netns
These stay, as far as you have them:
    /sys/fs/bpf/flowlabel            until everything is detached
    /etc/flowlabel.key               and other key files
    /var/log/flowlabel               records of the collector
    /var/lib/flowlabel, --spool DIR  batches that wait for a server")

# Is DIRECTORY flowlabel's own: is it, or a directory above it, named flowlabel?
function(remove_own_empty directory)
  while(directory MATCHES "/flowlabel(/|$)")
    file(GLOB left ${directory}/* ${directory}/.*)
    if(left)
      return()
    endif()
    file(REMOVE_RECURSE ${directory})
    cmake_path(GET directory PARENT_PATH directory)
  endwhile()
endfunction()

set(removed 0)
foreach(manifest IN LISTS manifests)
  file(STRINGS ${manifest} files)
  foreach(file IN LISTS files)
    if(EXISTS $ENV{DESTDIR}${file} OR IS_SYMLINK $ENV{DESTDIR}${file})
      file(REMOVE $ENV{DESTDIR}${file})
      math(EXPR removed "${removed} + 1")
    endif()
    cmake_path(GET file PARENT_PATH directory)
    remove_own_empty($ENV{DESTDIR}${directory})
  endforeach()
  file(REMOVE ${manifest})
endforeach()
message("removed ${removed} files")
