import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const here = fileURLToPath(new URL(".", import.meta.url))

/** Built into `dist/control-plane/ui`; with `vite` alone, the API is the one at BERTH_DEV_API. */
export default defineConfig({
  root: here,
  // Relative: the server's <base href> decides where everything is.
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: fileURLToPath(new URL("../../dist/control-plane/ui", import.meta.url)),
    emptyOutDir: true,
    target: "es2023",
    // light-dark() as it is written: browsers of 2024 and later.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // No inline script and no data: URL, whatever the Content-Security-Policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "/api": { target: process.env.BERTH_DEV_API ?? "http://127.0.0.1:8080", changeOrigin: true } },
  },
})
