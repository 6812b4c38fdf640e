import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { loadConfig } from './load-config.ts'
import { configurationReference, configurationSchema } from './reference.ts'
import { matchesPattern, resolveStreamSettings, streamNameProblem } from './stream-settings.ts'

const load = (sets: readonly string[] = [], file?: string, env: Record<string, string> = {}) =>
  loadConfig({ sets, env, ...(file === undefined ? {} : { file }) })

test('unknown keys and bad values are refused with source, key, expected and found', async () => {
  const cases: readonly [set: string, message: RegExp][] = [
    ['http.prot=1', /^--set: http\.prot: expected one of: port, host, found an unknown key$/],
    ['nonsense=1', /^--set: nonsense: expected one of: http, .*streams, found an unknown key$/],
    ['http.port=abc', /^--set: http\.port: expected number, found "abc"$/],
    ['http.port=70000', /^--set: http\.port: expected number to be <=65535, found 70000$/],
    ['workers=many', /^--set: workers: expected .* or .*, found "many"$/],
    [
      'streams.live/**.recrod=true',
      /^--set: streams\.live\/\*\*\.recrod: expected one of: publishKey, record, .*, found an unknown key$/,
    ],
    ['http.port', /^--set: http\.port: expected key=value, found no "="$/],
  ]
  for (const [set, message] of cases) {
    await assert.rejects(load([set]), (error) =>
      error instanceof ConfigurationError && message.test(error.message) ? true : assert.fail(`${set}: ${error}`),
    )
  }
})

test('a file is read with its line in every complaint, and the environment fills in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
  const file = join(folder, 'millrace.yaml')
  try {
    writeFileSync(file, 'http: { port: 9000 }\nstreams:\n  "live/**":\n    publishKey: ${KEY}\n    record: true\n')
    const config = await load(['rtmp.port=0'], file, { KEY: 'secret' })
    assert.equal(config.http.port, 9000)
    assert.equal(config.rtmp.port, 0)
    assert.deepEqual(config.streams['live/**'], { publishKey: 'secret', record: true })
    await assert.rejects(load([], file), /millrace\.yaml: \$\{KEY\}: expected a set environment variable, found none/)
    writeFileSync(file, 'http:\n  port: 8080\n  prot: 1\n')
    await assert.rejects(load([], file), /millrace\.yaml:3: http\.prot: expected one of: port, host/)
    writeFileSync(file, 'http: [\n')
    await assert.rejects(load([], file), ConfigurationError)
    await assert.rejects(load([], join(folder, 'none.yaml')), /expected a readable file/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the command line wins over the file, later settings over earlier ones', async () => {
  const config = await load(['http.port=1', 'http.port=2', 'streams.a.b/**.record=true', 'delivery.flush=0'])
  assert.equal(config.http.port, 2)
  assert.equal(config.streams['a.b/**']?.record, true)
  assert.equal(config.delivery.flush, 0)
})

test('the most specific pattern wins, key by key', () => {
  const streams = {
    'live/lobby': { record: false },
    '**': { graceMs: 1, record: true },
    'live/**': { publishKey: 'k', takeover: 'never' as const },
  }
  assert.deepEqual(resolveStreamSettings({ streams }, 'live/lobby'), {
    publishKey: 'k',
    record: false,
    takeover: 'never',
    graceMs: 1,
    ladder: [],
    variants: [],
    ladderMode: 'on-demand',
    convert: 'b-frames',
    watch: false,
  })
  assert.deepEqual(resolveStreamSettings({ streams: {} }, 'x'), {
    publishKey: undefined,
    record: false,
    takeover: 'same-source',
    graceMs: 10_000,
    ladder: [],
    variants: [],
    ladderMode: 'on-demand',
    convert: 'b-frames',
    watch: false,
  })
})

test('patterns match whole names', () => {
  const cases: readonly [pattern: string, name: string, matches: boolean][] = [
    ['live/**', 'live/a', true],
    ['live/**', 'live/a/b', true],
    ['live/**', 'alive/a', false],
    ['live/*', 'live/a/b', false],
    ['live/*', 'live/a', true],
    ['**', 'anything/at/all', true],
    ['cam-*', 'cam-1', true],
    ['a.b', 'axb', false],
  ]
  for (const [pattern, name, matches] of cases)
    assert.equal(matchesPattern(pattern, name), matches, `${pattern} ${name}`)
})

test('stream names', () => {
  for (const name of ['a', 'live/demo', 'a/b/c/d/e/f/g/h', 'A-1_2.3'])
    assert.equal(streamNameProblem(name), undefined, name)
  for (const name of [
    '',
    '/a',
    'a/',
    'a//b',
    '..',
    'a/../b',
    './a',
    'a b',
    'ä',
    'a/b/c/d/e/f/g/h/i',
    'x'.repeat(256),
  ]) {
    assert.notEqual(streamNameProblem(name), undefined, name)
  }
})

test('the reference page and the schema for editors are up to date', () => {
  const docs = new URL('../../../docs/', import.meta.url)
  assert.equal(readFileSync(new URL('configuration.md', docs), 'utf8'), configurationReference())
  assert.equal(readFileSync(new URL('configuration.schema.json', docs), 'utf8'), configurationSchema())
})
