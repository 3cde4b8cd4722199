# Compiles files into a program, so that it needs none at run time.

# A script of this file's own, called by the build: cmake -DINPUT=… -DOUTPUT=… -DNAME=… [-DGZIP=…] -P Vx11Embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  function(literal bytes variable)
    file(SIZE ${bytes} size)
    file(READ ${bytes} hex HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" text "${hex}")
    set(${variable} "{\"${text}\", ${size}}" PARENT_SCOPE)
  endfunction()
  literal(${INPUT} plain)
  file(SHA256 ${INPUT} digest)
  set(compressed "{}")
  if(GZIP)  # -n: the same bytes in every build
    execute_process(COMMAND ${GZIP} -9nc ${INPUT} OUTPUT_FILE ${OUTPUT}.gz COMMAND_ERROR_IS_FATAL ANY)
    literal(${OUTPUT}.gz compressed)
  endif()
  file(WRITE ${OUTPUT} "// Generated from ${INPUT}.
#include \"gateway/embedded_file.hpp\"

extern const EmbeddedFile ${NAME};
const EmbeddedFile ${NAME} = {${plain}, ${compressed}, \"${digest}\"};
")
  return()
endif()

find_program(VX11_GZIP gzip)
mark_as_advanced(VX11_GZIP)
set(vx11_embed_script ${CMAKE_CURRENT_LIST_FILE})

# vx11_embed(TARGET NAME FILE): `extern const EmbeddedFile NAME`, with the bytes of FILE and, if gzip is installed,
# the compressed ones. The target includes files of examples.
function(vx11_embed target name file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${source} -DNAME=${name}
      "$<$<BOOL:${VX11_GZIP}>:-DGZIP=${VX11_GZIP}>" -P ${vx11_embed_script}
    DEPENDS ${file} ${vx11_embed_script}
    VERBATIM COMMAND_EXPAND_LISTS)
  target_sources(${target} PRIVATE ${source})
endfunction()
