import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate for localhost that signs itself, in a folder that goes with it. */
export class Certificate implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  readonly certFile = join(this.#folder, 'cert.pem')
  readonly keyFile = join(this.#folder, 'key.pem')

  constructor() {
    const files = ['-keyout', this.keyFile, '-out', this.certFile]
    const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    execFileSync('openssl', ['req', ...kind, ...files], { stdio: 'ignore' })
  }
  /** For the command line of the server. */
  get sets(): string[] {
    return [`tls.certFile=${this.certFile}`, `tls.keyFile=${this.keyFile}`, 'https.port=0', 'rtmps.port=0']
  }
  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
