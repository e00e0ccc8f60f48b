# The server on Node (docs/deploying.md, "A server of one's own"): one file that needs nothing but Node, and the static files
# of its page. The version is that of the tests.

FROM node:24.21.0-slim AS build
WORKDIR /onetrip
COPY package.json package-lock.json .npmrc ./
# Install scripts prepare tools for tests and other deployments; the build needs none of them.
RUN npm ci --ignore-scripts
COPY dev/build dev/build
COPY dev/cli/start.ts dev/cli/
COPY src src
COPY docs docs
RUN node dev/cli/start.ts --build

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /onetrip
COPY --from=build /onetrip/dist/node/server.mjs ./
COPY --from=build /onetrip/dist/node/assets assets
# The image's user `node`, by number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8787}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.mjs"]
