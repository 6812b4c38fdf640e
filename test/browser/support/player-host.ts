import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { ROOT } from '../../support/requirements.ts'

const SCRIPTS = {
  '/hls.js': 'hls.js/dist/hls.min.js',
  '/shaka.js': 'shaka-player/dist/shaka-player.compiled.js',
  '/dash.js': 'dashjs/dist/modern/umd/dash.all.min.js',
} as const

const PAGE = '<!doctype html><meta charset="utf-8"><video muted playsinline width="320" height="180"></video>'

/** Serves players from node_modules, each on a page with one video element; nothing comes from elsewhere. */
export class PlayerHost implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }
  static async start(): Promise<PlayerHost> {
    const server = createServer(async (request, response) => {
      const script = Object.entries(SCRIPTS).find(([path]) => path === request.url)?.[1]
      if (script === undefined) {
        response.writeHead(request.url === '/' ? 200 : 204, { 'Content-Type': 'text/html' })
        response.end(request.url === '/' ? PAGE : undefined)
        return
      }
      response.writeHead(200, { 'Content-Type': 'text/javascript' })
      response.end(await readFile(join(ROOT, 'node_modules', script)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PlayerHost(server)
  }
  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
