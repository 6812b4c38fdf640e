import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { accepting, freePort } from './ports.ts'
import { nativeProgram, pinned, SERVER_CPU, start, stopProcess } from './processes.ts'

/** What a server answers, as files at the same paths. */
export class WebFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'millrace-files-'))
  readonly paths: readonly string[]

  private constructor(paths: readonly string[]) {
    this.paths = paths
  }
  static async copyOf(port: number, paths: readonly string[]): Promise<WebFolder> {
    const folder = new WebFolder(paths)
    for (const path of paths) {
      const bytes = await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer()
      mkdirSync(dirname(folder.fileOf(path)), { recursive: true })
      writeFileSync(folder.fileOf(path), new Uint8Array(bytes))
    }
    // The worker of a root's nginx runs as nobody.
    execFileSync('chmod', ['-R', 'a+rX', folder.path])
    return folder
  }
  fileOf(path: string): string {
    return join(this.path, 'www', path)
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Debian's nginx with sendfile. */
export class NginxFiles implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(port: number, folder: string) {
    this.port = port
    const config = join(folder, 'nginx.conf')
    writeFileSync(
      config,
      `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=100;
types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s; }
server { listen 127.0.0.1:${port}; root ${folder}/www; } }\n`,
    )
    this.#child = start(...pinned(SERVER_CPU, 'nginx', ['-c', config, '-p', folder]))
  }
  static async start(folder: WebFolder): Promise<NginxFiles> {
    const port = await freePort()
    const nginx = new NginxFiles(port, folder.path)
    await accepting(port)
    return nginx
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
  }
}

/** The floor of answers from memory: one writev() each, from C. */
export class ServeFiles implements AsyncDisposable {
  readonly #child: ChildProcess
  port = 0

  private constructor(folder: WebFolder) {
    const files = folder.paths.map((path) => `${folder.fileOf(path)}=${path}`)
    this.#child = start(...pinned(SERVER_CPU, nativeProgram('serve'), files))
  }
  static async start(folder: WebFolder): Promise<ServeFiles> {
    const serve = new ServeFiles(folder)
    const { stdout } = serve.#child
    if (!stdout) throw new Error('serve has no output')
    const [line] = (await once(createInterface(stdout), 'line')) as [string]
    serve.port = Number(line)
    return serve
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await stopProcess(this.#child)
  }
}
