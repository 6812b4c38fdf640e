import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigurationError, defineConfig, start } from '../../src/index.ts'
import { loadConfig } from '../../src/platform/config/load-config.ts'

test('a program starts a server, asks it and stops it', async () => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-library-'))
  try {
    const config = defineConfig({
      http: { port: 0 },
      rtmp: { port: 0 },
      workers: 1,
      storage: { path },
      log: { level: 'silent' },
    })
    const server = await start(config)
    const http = server.addresses.find(({ listener }) => listener === 'http')
    const answer = await fetch(`http://127.0.0.1:${http?.port}/api/v1/streams`)
    assert.deepEqual(await answer.json(), { streams: [] })
    await server.close()
    await assert.rejects(fetch(`http://127.0.0.1:${http?.port}/healthz`))
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
})

test('a wrong configuration rejects before anything is opened', async () => {
  await assert.rejects(start({ workers: 0 }), ConfigurationError)
})

test('a configuration file may be TypeScript', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
  try {
    const index = new URL('../../src/index.ts', import.meta.url).href
    const file = join(folder, 'millrace.ts')
    writeFileSync(
      file,
      `import { defineConfig } from '${index}'\nexport default defineConfig({ http: { port: 9001 as number } })\n`,
    )
    assert.equal((await loadConfig({ file, sets: [], env: {} })).http.port, 9001)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
