# A session's agent: OpenCode and the tools it works with. First `npm ci`, then, from the top of the repository:
#   docker build -f data-plane-init/agent.Dockerfile -t berth/data-plane .
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates curl git jq less openssh-client procps ripgrep tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && groupadd --gid 1000 agent \
 && useradd --uid 1000 --gid 1000 --create-home --shell /bin/bash agent \
 && install -d /opt/berth/auth-helpers \
 && install -d -o 1000 -g 1000 /workspace
COPY node_modules/opencode-linux-x64/bin/opencode /usr/local/bin/opencode
COPY data-plane-init/agent/start.sh /usr/local/bin/berth-agent-start
COPY data-plane-init/agent/stop.sh /usr/local/bin/berth-agent-stop
ENV HOME=/home/agent LANG=C.UTF-8
WORKDIR /workspace
USER 1000:1000
EXPOSE 4096
CMD ["tini", "-g", "--", "berth-agent-start"]
