# SPDX-License-Identifier: BSD-2-Clause
# What `cmake --install` installs, under any prefix. The component `runtime` is the program and what an operator needs;
# `development` is the C++ library. docs/install.md describes both.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(share ${CMAKE_INSTALL_DATADIR}/flowlabel)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/flowlabel)
set(made ${PROJECT_BINARY_DIR}/install)
file(MAKE_DIRECTORY ${made})

# A relative prefix first becomes absolute, for the unit and for the list of installed files.
install(CODE "get_filename_component(CMAKE_INSTALL_PREFIX \"\${CMAKE_INSTALL_PREFIX}\" ABSOLUTE)" ALL_COMPONENTS)

# The program, its manual page, and the files that other programs read.
install(TARGETS flowlabel RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT runtime)
install(FILES docs/man/flowlabel.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT runtime)
install(FILES systemd/flowlabel.logrotate DESTINATION ${share} COMPONENT runtime)
install(FILES tools/prometheus/flowlabel.rules.yml DESTINATION ${share}/prometheus COMPONENT runtime)
install(FILES tools/grafana/flowlabel.json DESTINATION ${share}/grafana COMPONENT runtime)
install(DIRECTORY docs/schema DESTINATION ${share} COMPONENT runtime)

# The unit names the path of the installed program, which depends on `cmake --install --prefix`.
install(CODE "
  set(program \"\${CMAKE_INSTALL_PREFIX}\")
  cmake_path(APPEND program \"${CMAKE_INSTALL_SBINDIR}\" flowlabel)
  configure_file(\"${PROJECT_SOURCE_DIR}/systemd/flowlabel-collect.service.in\"
                 \"${made}/flowlabel-collect.service\" @ONLY)"
  COMPONENT runtime)
install(FILES ${made}/flowlabel-collect.service DESTINATION lib/systemd/system COMPONENT runtime)

# Completion scripts, which the program itself prints. A program that is cross-compiled cannot run here.
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${made}/completion.${shell}
      COMMAND flowlabel completion ${shell} > ${made}/completion.${shell}
      DEPENDS flowlabel VERBATIM)
  endforeach()
  add_custom_target(flowlabel_completions ALL
    DEPENDS ${made}/completion.bash ${made}/completion.zsh ${made}/completion.fish)
  install(FILES ${made}/completion.bash RENAME flowlabel
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT runtime)
  install(FILES ${made}/completion.zsh RENAME _flowlabel
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT runtime)
  install(FILES ${made}/completion.fish RENAME flowlabel.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT runtime)
endif()

# The documents keep their paths relative to the README, so that its links work.
install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN man EXCLUDE PATTERN schema EXCLUDE)

# The library: one archive of the rooms that the installed headers declare.
set(rooms base maps flow attach host_sockets)
list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:flowlabel_\\1>" OUTPUT_VARIABLE objects)
add_library(flowlabel_library STATIC ${objects})
set_target_properties(flowlabel_library PROPERTIES OUTPUT_NAME flowlabel EXPORT_NAME flowlabel LINKER_LANGUAGE CXX)
target_compile_features(flowlabel_library INTERFACE cxx_std_23)
target_link_libraries(flowlabel_library
  PRIVATE PkgConfig::libbpf PkgConfig::libmnl PkgConfig::libcap-ng fmt::fmt)

install(TARGETS flowlabel_library EXPORT flowlabel
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/flowlabel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)

# How a consumer finds the library: a CMake package and a pkg-config file. Both can move with the prefix.
install(EXPORT flowlabel NAMESPACE flowlabel:: FILE flowlabelTargets.cmake DESTINATION ${package} COMPONENT development)
configure_package_config_file(cmake/flowlabelConfig.cmake.in ${made}/flowlabelConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${made}/flowlabelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${made}/flowlabelConfig.cmake ${made}/flowlabelConfigVersion.cmake DESTINATION ${package}
        COMPONENT development)
file(RELATIVE_PATH prefix_of_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/flowlabel.pc.in ${made}/flowlabel.pc @ONLY)
install(FILES ${made}/flowlabel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -D MANIFESTS=${PROJECT_BINARY_DIR} -P ${PROJECT_SOURCE_DIR}/cmake/Uninstall.cmake
  VERBATIM)
