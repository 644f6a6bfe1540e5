# PostgreSQL of Debian, for a local node that reaches no image registry. Elsewhere the chart uses the official image.
FROM debian:bookworm-slim
# Uid 999 as in the official image. The compiler for expressions (LLVM, 110 MB) is left out: the server runs without it.
RUN groupadd --gid 999 postgres \
 && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
 && apt-get update \
 && apt-get install -y --no-install-recommends postgresql-15 \
 && rm -rf /usr/lib/postgresql/15/lib/llvmjit* /usr/lib/postgresql/15/lib/bitcode /usr/lib/x86_64-linux-gnu/libLLVM* \
      /var/lib/postgresql/15 /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
USER 999:999
CMD ["postgres"]
