# One image for every service. Node runs the TypeScript as it is, so nothing is compiled here; which service a container is,
# its command says.

# What npm reads and nothing else: the next stage is made anew when a dependency changes, not when code does. The tools of
# development go first: `npm ci` insists that the lock has each of them for every platform, though it would install none.
FROM node:24-bookworm-slim AS manifests
WORKDIR /surety
COPY . .
RUN npm pkg delete devDependencies scripts \
  && find packages services -type f ! -name package.json -delete \
  && find packages services -type d -empty -delete \
  && rm -r migrations

# No package of production has an install script, so none may run. Types and source maps are two thirds of what npm brings,
# and Node reads neither.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /surety
COPY --from=manifests /surety ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-update-notifier \
  && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /surety
# `ready PORT`: whether the service in this container takes work. A health check runs every few seconds for as long as the
# container does, and bash needs a fraction of what a second Node would. Folders that volumes cover must be node's here:
# a new volume takes its owner from the image.
RUN printf '%s\n' '#!/bin/bash' \
      'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1' \
      'printf "GET /health/ready HTTP/1.0\r\n\r\n" >&3' \
      'read -r _ status _ <&3 && [ "$status" = 200 ]' > /usr/local/bin/ready \
  && chmod 755 /usr/local/bin/ready \
  && install -d -o node -g node -m 700 /run/surety /var/lib/surety
# npm links the workspaces to /surety/packages and /surety/services: Node strips types there, and never inside node_modules.
COPY --from=dependencies /surety/node_modules node_modules
COPY migrations migrations
COPY packages packages
COPY services services
USER node
CMD ["node", "services/edge-api/src/main.ts"]
