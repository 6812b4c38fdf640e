// Brings a clone to the point where `npm start` and `npm test` can run. Written for whatever Node the
// machine has (20 or later); everything after it runs under the Node 26 that it installs.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'node_modules', '.bin')

/** Runs `work` unless the stamp file already holds the hash of `inputs`. */
function unlessUnchanged(name, inputs, work) {
  const hash = createHash('sha256')
  for (const path of inputs) hash.update(path).update(readFileSync(path))
  const digest = hash.digest('hex')
  const stamp = join(root, 'node_modules', `.millrace-${name}`)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  work()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, digest)
}

function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes(`${join(folder, 'dist')}`) && !path.includes('node_modules'))
    .sort()
}

function run(command, args) {
  // node-av would otherwise try to download an ffmpeg command that nothing here uses.
  const env = { ...process.env, SKIP_FFMPEG: 'true', PATH: bin + delimiter + process.env.PATH }
  const shell = process.platform === 'win32'
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env, shell })
}

unlessUnchanged('installed', [join(root, 'package-lock.json')], () => {
  console.log('millrace: installing dependencies (once)')
  // Not `npm ci`: it refuses a lock file without the packages of platforms that the registry at hand does not have.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
})

if (process.argv.includes('bundle')) {
  const bundled = join(root, 'build', 'main.js')
  if (!existsSync(bundled)) writeFileSync(join(root, 'node_modules', '.millrace-bundle'), '')
  const sources = [...filesBelow(join(root, 'src')), join(root, 'package-lock.json')]
  unlessUnchanged('bundle', sources, () => {
    console.log('millrace: bundling the server (once)')
    run(join(bin, 'node'), [join(root, 'scripts', 'bundle.mjs')])
  })
}

const webSources = filesBelow(join(root, 'web'))
if (existsSync(join(root, 'web', 'vite.config.ts'))) {
  if (!existsSync(join(root, 'web', 'dist', 'index.html')))
    writeFileSync(join(root, 'node_modules', '.millrace-web'), '')
  unlessUnchanged('web', webSources, () => {
    console.log('millrace: building the web page (once)')
    run(join(bin, 'vite'), ['build', 'web', '--logLevel', 'error'])
  })
}
