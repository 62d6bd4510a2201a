# Three stages: what is built, what runs, and nothing else in the image.
FROM node:24-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

FROM base AS build
ENV NODE_ENV=development
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY prisma prisma
COPY src src
RUN npm run build

FROM base AS dependencies
COPY package.json package-lock.json ./
# The embedded PostgreSQL stays out: in a container DATABASE_URL names a real one. argon2 brings its binary.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM base
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY prisma/migrations prisma/migrations
RUN mkdir keys && chown node:node keys && chmod 700 keys
USER node
ENV HOST=0.0.0.0 PORT=3000 KEYS_DIR=/app/keys
VOLUME /app/keys
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "dist/healthcheck.js"]
# Without npm in between, so that SIGTERM reaches the server.
CMD ["node", "dist/start.cjs"]
