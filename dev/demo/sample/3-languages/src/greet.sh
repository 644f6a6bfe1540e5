#!/bin/sh
# Greets the person whose name is the first argument, in the language that LANG names.
case ${LANG:-} in
  de*) word=Hallo ;;
  fr*) word=Bonjour ;;
  *) word=Hello ;;
esac
echo "$word, ${1:-world}!"
