# Debian's glibc is what the native parts (bcrypt) are built for. bookworm-slim follows the current Node 24 LTS.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

# --omit=optional: the Node that npm brings for machines with an older one is not needed here.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --omit=dev --omit=optional
# What makes pictures on this machine, and npm calls optional.
COPY --from=build /app/node_modules/@img ./node_modules/@img
# Half of what they hold is types and source maps, which no running server reads.
RUN find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete

# The libraries of the same Debian that node needs, without a shell or packages. Writes nothing to its files, so it runs
# with a read-only root file system. Everything is set by environment variables (docs/configuration.md); production
# requires MONGODB_URI, JWT_SECRET and ENCRYPTION_KEY.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/node /usr/local/bin/node
# glibc keeps memory for each thread that ever asked for some: 8 MiB of a process that waits.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# By number, so that Kubernetes sees that it is not root.
USER 1000:1000
EXPOSE 3002
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3002}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell or npm in between node is process 1 and gets SIGTERM itself.
CMD ["node", "dist/main.js"]
