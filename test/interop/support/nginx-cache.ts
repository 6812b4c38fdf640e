import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { poll } from '../../support/poll.ts'
import { hasCommand, skipUnless } from '../../support/requirements.ts'

export const skipWithoutNginx = (): string | false => skipUnless(hasCommand('nginx'), 'nginx')

export type CachedAnswer = {
  readonly status: number
  readonly bytes: Buffer
  readonly headers: Headers
  /** nginx, $upstream_cache_status. */
  readonly cache: string
}

/** nginx as a CDN's edge: it caches what the origin's headers allow, and asks once for all who wait for the same. */
export class NginxCache implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #port: number

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.#port = port
  }
  static async start(originPort: number): Promise<NginxCache> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-nginx-'))
    const port = await freePort()
    for (const each of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi', 'cache']) mkdirSync(join(folder, each))
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, originPort))
    const args = ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', join(folder, 'error.log')]
    const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const cache = new NginxCache(child, folder, port)
    await poll('nginx', async () => ((await accepts(port)) ? true : undefined))
    return cache
  }

  http(path: string): string {
    return `http://127.0.0.1:${this.#port}/${path}`
  }
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<CachedAnswer> {
    const response = await fetch(this.http(path), { headers })
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, bytes, headers: response.headers, cache: response.headers.get('x-cache') ?? '' }
  }
  /** How often the origin was asked for what `matches`. */
  originRequests(matches: (uri: string) => boolean): number {
    const lines = readFileSync(join(this.#folder, 'access.log'), 'utf8').split('\n')
    return lines.filter((line) => {
      const [uri = '', cache] = line.split(' ')
      return uri !== '' && cache !== 'HIT' && matches(uri)
    }).length
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await exited
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, port: number, originPort: number): string {
  return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  log_format asked '$request_uri $upstream_cache_status $status';
  access_log ${folder}/access.log asked;
  proxy_cache_path ${folder}/cache keys_zone=edge:10m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache edge;
      proxy_cache_lock on; proxy_cache_lock_timeout 60s; proxy_cache_lock_age 60s;
      add_header X-Cache $upstream_cache_status always;
    }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
