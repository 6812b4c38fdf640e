import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'

/** `MILLRACE_SERVER=http://127.0.0.1:8080 npm run dev` develops the page against a running server. */
const server = process.env.MILLRACE_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [preact({ devToolsEnabled: false })],
  base: '/',
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    emptyOutDir: true,
    target: 'es2022',
    // The server answers files only below /assets, and the icon; nothing becomes a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': server,
      '^/.+\\.(flv|ts|mp4)$': { target: server, ws: true, bypass: (request) => sourceFile(request.url) },
      '^/.+\\.(m3u8|m4s|jpg|webp)$': server,
    },
  },
})

/** Vite's own modules end in .ts as well: those are not a stream. */
function sourceFile(url: string | undefined): string | undefined {
  return url && /^\/(src|@|node_modules)/.test(url) ? url : undefined
}
