import type { Attempt } from "./attempt.ts"

const memory = `my %found; for my $process (glob "/proc/[0-9]*") {
  open(my $maps, "<", "$process/maps") or next; open(my $memory, "<:raw", "$process/mem") or next;
  while (<$maps>) {
    next unless /^([0-9a-f]+)-([0-9a-f]+) rw/; no warnings; my ($from, $to) = (hex $1, hex $2);
    next if $to - $from > 64 << 20; sysseek($memory, $from, 0); sysread($memory, my $bytes, $to - $from) or next;
    $found{$1}++ while $bytes =~ /((?:Bearer|Basic) [A-Za-z0-9._~+\\/=-]{8,200})/g;
  }
} print "$_\\n" for sort keys %found; print "[memory of the processes was read]\\n"`

// A connection from a port to itself succeeds: nobody listens there.
const ports = `for my $port (1 .. 65535) { socket(my $socket, PF_INET, SOCK_STREAM, 0);
  push @open, $port if connect($socket, sockaddr_in($port, inet_aton("127.0.0.1"))) and getsockname($socket) ne getpeername($socket);
  close $socket } print "open: @open\\n"`

/** What can be tried without leaving the agent's container. */
export const inThePod: readonly Attempt[] = [
  {
    name: "own environment",
    refusedBy: "keys never enter the pod",
    script: 'env | tee "$loot/env.txt" | wc -l; ls -l /var/run/berth; echo "[nothing but its own]"',
    refusal: /\[nothing but its own\]/,
  },
  {
    name: "environment, arguments, files of every visible process",
    refusedBy: "a process namespace and user of its own for each container",
    script: `for p in /proc/[0-9]*; do cat $p/environ $p/cmdline; ls -l $p/fd $p/cwd $p/root/; done >"$loot/proc.txt" 2>&1
      echo "users of the processes: $(stat -c %u /proc/[0-9]* 2>/dev/null | sort -u | xargs)"`,
    refusal: /users of the processes: 1000$/m,
  },
  {
    name: "memory of every visible process",
    refusedBy: "keys never enter the pod; the sidecar is in another namespace",
    script: `perl -e '${memory}' | tee "$loot/memory.txt" | tail -n 1; grep -c kept-outside-of-this-pod "$loot/memory.txt"`,
    refusal: /\[memory of the processes was read\]/,
  },
  {
    name: "core dumps",
    refusedBy: "namespaces of its own; nothing but its own could be in one",
    script: `cd /tmp; ulimit -c unlimited; sh -c 'kill -SEGV $$'; cat /proc/sys/kernel/core_pattern
      find / -xdev \\( -name 'core' -o -name 'core.*' -o -name '*.core' \\) -type f -not -path '/proc/*' -not -path '/usr/*' -exec cp {} "$loot/" \\; 2>/dev/null
      echo "[core dumps were collected]"`,
    refusal: /\[core dumps were collected\]/,
  },
  {
    name: "every readable file of all volumes",
    refusedBy: "no volume of the agent holds a credential",
    script: `cut -d' ' -f2 /proc/self/mounts | grep -vE '^/(proc|sys|dev)' >"$loot/mounts.txt"
      tar -cf "$loot/files.tar" --ignore-failed-read --exclude="$loot" /etc /run /var/run /opt /home /tmp /mnt /srv /workspace/.state 2>/dev/null
      grep -c . "$loot/mounts.txt"; echo "[files were collected]"`,
    refusal: /\[files were collected\]/,
  },
  {
    name: "the pod's own token, by its path",
    refusedBy: "mounted into the sidecar only",
    script: "cat /var/run/berth/broker-token/token",
    refusal: /No such file or directory/,
  },
  {
    name: "a service account's token",
    refusedBy: "automountServiceAccountToken: false",
    script: "cat /var/run/secrets/kubernetes.io/serviceaccount/token",
    refusal: /No such file or directory/,
  },
  {
    name: "the helpers' Secret, by its path",
    refusedBy: "mounted into the sidecar only",
    script: "cat /var/run/vertex/token",
    refusal: /No such file or directory/,
  },
  {
    name: "running the operator's helper itself",
    refusedBy: "what the helper reads is in the sidecar only",
    script: "PATH=/opt/berth/auth-helpers:$PATH TOKEN_FILE=/var/run/vertex/token fetch-vertex-token",
    refusal: /No such file or directory/,
  },
  {
    name: "changing its configuration",
    refusedBy: "read-only mount",
    script: "echo '{}' >/etc/berth/agent/opencode/opencode.json; echo >>/etc/berth/agent/gitconfig",
    refusal: /opencode\.json: Read-only file system[\s\S]*gitconfig: Read-only file system/,
  },
  {
    name: "changing programs",
    refusedBy: "read-only root filesystem",
    script: "cp /bin/true /usr/local/bin/git; cp /bin/true /opt/berth/auth-helpers/fetch-vertex-token",
    refusal: /Read-only file system|Permission denied/,
  },
  {
    name: "becoming another user",
    refusedBy: "no capabilities, no new privileges",
    script: "grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status; su -c id </dev/null; cat /etc/shadow",
    refusal:
      /CapEff:\s*0+\n(CapBnd:\s*0+\n)?NoNewPrivs:\s*1[\s\S]*(Authentication failure|must be run from a terminal)/,
  },
  {
    name: "namespaces and mounts of its own",
    refusedBy: "seccomp RuntimeDefault, no capabilities",
    script: "unshare -Ur id; mount -t proc proc /mnt; mknod /tmp/disk b 8 0",
    refusal: /unshare failed: Operation not permitted/,
  },
  {
    name: "every port of 127.0.0.1",
    refusedBy: "nothing listens but the agent and the sidecar",
    script: `perl -MSocket -e '${ports}'; cat /proc/net/tcp /proc/net/tcp6 /proc/net/unix >"$loot/sockets.txt"`,
    refusal: /^open: 4096 7070 7071$/m,
  },
  {
    name: "a helper in the workspace that shadows the operator's",
    refusedBy: "the sidecar looks in the operator's directory only",
    script: `mkdir -p /workspace/repo/.berth/auth-helpers && cd /workspace/repo/.berth/auth-helpers
      printf '#!/bin/sh\\necho taken-from-the-workspace\\n' >fetch-vertex-token && chmod +x fetch-vertex-token
      PATH=/workspace/repo/.berth/auth-helpers:$PATH fetch-vertex-token
      ask -X POST http://127.0.0.1:7070/llm/vertex/redirect -d '{}'`,
    refusal: /taken-from-the-workspace[\s\S]*redirect, which is not followed/,
  },
]
