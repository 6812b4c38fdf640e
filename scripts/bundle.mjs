// The server and what it needs in a few files, for a quick start: loading some 500 small modules, and those of the
// dependencies, took most of the time before the first accept, on every thread anew.
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/** Where each entry goes: threads and processes find each other's files as they do in `src`. */
const ENTRIES = {
  main: 'src/main.ts',
  'app/worker-entry': 'src/app/worker-entry.ts',
  'child/codec-process': 'src/pipeline/transcode/child/codec-process.ts',
}

const bundle = await rolldown({
  cwd: root,
  input: ENTRIES,
  platform: 'node',
  // Native code, and found at run time if it is there.
  external: [/^node:/, /^node-av/],
  logLevel: 'silent',
  // Folders are entered by their index; what is not used of it is not loaded.
  treeshake: { moduleSideEffects: [{ test: /src\/(media|platform|pipeline|control)\//, sideEffects: false }] },
})
rmSync(join(root, 'build'), { recursive: true, force: true })
/** Small parts that every thread has. Beside the large ones that only some have, they would bring those along. */
const SHARED = [
  'app/listen',
  'platform/auth',
  'platform/errors',
  'platform/net',
  'platform/storage',
  'platform/telemetry',
  'platform/threads',
  'pipeline/stream/renditions',
  'pipeline/transcode/governor',
  'media/bytes',
  'media/errors',
]

await bundle.write({
  dir: join(root, 'build'),
  format: 'esm',
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  entryFileNames: '[name].js',
  chunkFileNames: 'app/[name].js',
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: SHARED.map((path) => ({ name: path.replaceAll('/', '-'), test: new RegExp(`src/${path}[/.]`) })),
  },
})
