import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/requirements.ts'

const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...globSync('docs/*.md', { cwd: ROOT }),
]

test('every link inside the documents leads somewhere', () => {
  for (const document of documents) {
    for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(ROOT, dirname(document), target)), `${document} → ${target}`)
    }
  }
})

test('the capability table of the README is that of the tree', () => {
  const folders = (pattern: string) =>
    globSync(pattern, { cwd: join(ROOT, 'src/media') })
      .map((path) => path.split('/').at(-2))
      .sort()
  const codecs = readdirSync(join(ROOT, 'src/media/codecs'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['captions', 'nal', 'testing'].includes(entry.name))
    .map(({ name }) => name)
    .sort()
  const rows: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['demuxers', folders('formats/*/demuxer.ts').concat(folders('formats/*/flv-demuxer.ts')).sort()],
    ['muxers', folders('formats/*/muxer.ts').concat(folders('formats/*/flv-muxer.ts')).sort()],
    ['manifests', folders('formats/*/format-m{edia-playlist,pd}.ts')],
    ['protocols', folders('protocols/*/index.ts')],
    ['codecs understood', codecs],
  ]
  const expected = ['| | |', '|---|---|', ...rows.map(([what, names]) => `| ${what} | ${names.join(', ')} |`)].join(
    '\n',
  )
  const found = /<!-- capabilities -->\n([\s\S]*?)\n<!-- \/capabilities -->/.exec(read('README.md'))?.[1]
  assert.equal(found, expected)
})

test('every error code has its paragraph', () => {
  const codes = new Set<string>()
  for (const file of ['src/media/errors.ts', 'src/platform/errors.ts']) {
    for (const [line] of read(file).matchAll(/readonly code(?: =|:) .*/g))
      for (const [, code = ''] of line.matchAll(/'([a-z-]+)'/g)) codes.add(code)
  }
  assert.ok(codes.size >= 8, [...codes].join())
  const page = read('docs/errors.md')
  for (const code of codes) assert.match(page, new RegExp(`^## ${code}$`, 'm'))
})

test('the README stays short, and no file of the source is long', () => {
  assert.ok(read('README.md').split('\n').length < 150)
  for (const file of globSync('{src,web/src,test,scripts}/**/*.{ts,tsx}', { cwd: ROOT })) {
    const lines = read(file).split('\n').length - 1
    assert.ok(lines <= 400, `${file} has ${lines} lines`)
  }
})
