# The command `redress` with its dependencies; docker-compose.yml runs it as migrate and worker.
FROM node:22-slim

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install
COPY . .
RUN npm run build

ENV NODE_ENV=production
ENV PATH=/app/scripts:$PATH
ENV REDRESS_HOME=/home/node/.redress
# A volume takes over what its folder in the image belongs to.
RUN mkdir -p /home/node/out && chown node:node /home/node/out
USER node
CMD ["redress", "--help"]
