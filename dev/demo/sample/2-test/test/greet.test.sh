#!/bin/sh
# Run from the top of the repository: sh test/greet.test.sh
failed=0
expect() {
  if [ "$1" = "$2" ]; then echo "ok: $1"; else echo "FAILED: got '$1', expected '$2'"; failed=1; fi
}
expect "$(sh src/greet.sh)" "Hello, world!"
expect "$(sh src/greet.sh Ada)" "Hello, Ada!"
exit $failed
