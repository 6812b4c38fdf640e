import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { CodecProcess } from '../../../src/pipeline/transcode/index.ts'
import { makeLogger } from '../../../src/platform/telemetry/index.ts'
import { Av } from './av.ts'

export type CodecStage = {
  readonly folder: string
  readonly codec: CodecProcess
  /** FFmpeg 8.1, while tests run. */
  readonly av: Av
}

/** A folder, a codec process and FFmpeg for the tests of the suite that calls this. */
export function codecStage(name: string): CodecStage {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`))
  const codec = new CodecProcess({ log: makeLogger(() => {}), purpose: 'test' })
  let av: Av | undefined
  before(() => {
    av = new Av()
  })
  after(async () => {
    await av?.[Symbol.asyncDispose]()
    await codec[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    codec,
    get av() {
      if (!av) throw new Error('no test runs yet')
      return av
    },
  }
}
