import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8440";

export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: { "/api": server, "/live": { target: server, ws: true } },
  },
  test: { include: ["src/**/*.test.ts"] },
});
