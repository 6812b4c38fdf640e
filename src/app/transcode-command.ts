import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { ProgressiveMp4 } from '../pipeline/recording/index.ts'
import { CodecProcess, transcodeAsset } from '../pipeline/transcode/index.ts'
import { type Config, resolveProfile } from '../platform/config/index.ts'
import { AccessDeniedError } from '../platform/errors.ts'
import { DiskBlobStore, openSqliteCatalog } from '../platform/storage/index.ts'
import { makeLogger } from '../platform/telemetry/index.ts'
import { Mp4File } from './mp4-file.ts'
import { progressBar } from './progress-bar.ts'

export type TranscodeOrder = {
  /** A file, or the id of a recording. */
  readonly source: string
  readonly profiles: readonly string[]
  /** Absent: beside the current directory, named after source and profile. */
  readonly output: string | undefined
}

/** `millrace transcode`: each profile into an MP4 file of its own. Prints its progress on the terminal. */
export async function transcodeCommand(config: Config, order: TranscodeOrder): Promise<void> {
  const profiles = order.profiles.map((name) => resolveProfile(config.profiles, name))
  const log = makeLogger((line) => line.level !== 'debug' && process.stderr.write(`${line.event}\n`))
  await using codec = new CodecProcess({ log, purpose: 'transcode', isOffline: true })
  await using source = await openSource(config, order.source)
  for (const profile of profiles) {
    const path = order.output ?? `${basename(order.source, extname(order.source))}-${profile.name}.mp4`
    const file = new Mp4File(`${path}.part`)
    const show = progressBar(profile.name, process.stderr)
    try {
      const notices: string[] = []
      const onNotice = (text: string) => notices.push(text)
      await transcodeAsset({ codec, path: source.path, profiles: [profile], onProgress: show, onNotice }, file)
      await file.close()
      await rename(`${path}.part`, path)
      show(1)
      process.stderr.write(['', ...notices.map((text) => `millrace: ${text}`), ''].join('\n'))
      process.stdout.write(`${path}\n`)
    } catch (error) {
      process.stderr.write(`\n`)
      await file.abandon()
      await rm(`${path}.part`, { force: true })
      throw error
    }
  }
}

type Source = AsyncDisposable & { readonly path: string }

/** A recording is put together in a file of its own for as long as it is read. */
async function openSource(config: Config, name: string): Promise<Source> {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return { path: name, [Symbol.asyncDispose]: async () => {} }
  await using catalog = await openSqliteCatalog(join(config.storage.path, 'catalog.sqlite'))
  const detail = await catalog.recording(name)
  if (!detail) throw new AccessDeniedError(`no file and no recording "${name}"`, 'not-found')
  const inits = new Map(detail.inits.map((init) => [`${init.trackId} ${init.initId}`, init.key]))
  const segments = detail.segments.flatMap((segment) => {
    const initKey = inits.get(`${segment.trackId} ${segment.initId}`)
    return initKey === undefined ? [] : [{ ...segment, initKey }]
  })
  const movie = await ProgressiveMp4.open(segments, new DiskBlobStore(config.storage.path))
  const folder = await mkdtemp(join(tmpdir(), 'millrace-transcode-'))
  const path = join(folder, `${name}.mp4`)
  await writeFile(path, movie.read(0, movie.totalBytes))
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
