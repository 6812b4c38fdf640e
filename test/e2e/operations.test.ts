import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { HttpPublisher } from '../support/http-publisher.ts'
import { poll } from '../support/poll.ts'
import { hasCommand, ROOT, skipUnless } from '../support/requirements.ts'
import { TestServer } from '../support/server.ts'

test('health, readiness, metrics, info and the OpenAPI document answer on every worker', async () => {
  await using server = await TestServer.start(['workers=2'])
  for (let i = 0; i < 6; i++) {
    assert.equal((await fetch(server.http('healthz'), { headers: { connection: 'close' } })).status, 200)
    assert.equal((await fetch(server.http('readyz'), { headers: { connection: 'close' } })).status, 200)
  }
  assert.match(await (await fetch(server.http('metrics'))).text(), /^millrace_streams\{state="live"\} 0$/m)
  const info = await server.json<{ listeners: { listener: string; port: number }[] }>('api/v1/info')
  assert.equal(info.listeners.find(({ listener }) => listener === 'rtmp')?.port, server.port('rtmp'))
  const openApi = await server.json<{ paths: Record<string, unknown> }>('api/v1/openapi.json')
  assert.ok('/api/v1/streams/{name}' in openApi.paths)
  assert.equal((await fetch(server.http('api/v1/none'))).status, 404)
  assert.equal((await fetch(server.http('api/v1/streams/live/none'))).status, 404)
})

test('the API changes nothing without loopback or the admin token', async () => {
  await using server = await TestServer.start(['workers=1', 'http.host=0.0.0.0'])
  using publisher = new HttpPublisher(server, 'live/a.flv')
  await publisher.send(30)
  await server.live('live/a')
  const token = await printedToken(server)
  assert.doesNotMatch(JSON.stringify(server.lines), new RegExp(token))

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each && !each.internal && each.family === 'IPv4')
  const remove = (host: string, headers: Record<string, string> = {}) =>
    fetch(`http://${host}:${server.port('http')}/api/v1/streams/live/a`, { method: 'DELETE', headers })
  if (outside) {
    assert.equal((await remove(outside.address)).status, 403, 'no token')
    assert.equal(
      (await remove(outside.address, { 'x-millrace-peer': '127.0.0.1' })).status,
      403,
      'a header is no proof',
    )
  }
  assert.equal((await remove('127.0.0.1', { authorization: 'Bearer wrong' })).status, 403)
  assert.equal((await remove('127.0.0.1', { origin: 'http://evil.example' })).status, 403, 'a page of another origin')
  assert.equal((await remove(outside?.address ?? '127.0.0.1', { authorization: `Bearer ${token}` })).status, 200)
  assert.equal((await publisher.answer).status, 409)
})

test('only loopback may publish without a key', async (t) => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each && !each.internal && each.family === 'IPv4')
  if (!outside) return t.skip('this machine has no address but loopback')
  await using server = await TestServer.start(['workers=1'])
  const response = await fetch(`http://${outside.address}:${server.port('http')}/live/a.flv`, {
    method: 'POST',
    body: 'FLV',
  })
  assert.equal(response.status, 403)
  assert.match(await response.text(), /no publishKey/)
})

test('the admin token is kept as a hash and printed once', async () => {
  const storagePath = mkdtempSync(join(tmpdir(), 'millrace-token-'))
  try {
    const first = await TestServer.start(['workers=1'], { storagePath })
    const token = await printedToken(first)
    await first.stop()
    await using second = await TestServer.start(['workers=1'], { storagePath })
    assert.doesNotMatch(second.stderr, /token/i)
    const answer = await fetch(second.http('api/v1/streams/live/none'), {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(answer.status, 404, 'let in, though there is no such stream')
    // Databases come and go with their journals while a server runs.
    await second.stop()
    const grep = spawnSync('grep', ['-rqaF', token, storagePath])
    assert.equal(grep.status, 1, 'the token is nowhere in the storage')
  } finally {
    rmSync(storagePath, { recursive: true, force: true })
  }
})

test('HTTPS and RTMPS work with certificate files', {
  skip: skipUnless(hasCommand('openssl'), 'openssl'),
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  try {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      { stdio: 'ignore' },
    )
    await using server = await TestServer.start([
      `tls.certFile=${cert}`,
      `tls.keyFile=${key}`,
      'https.port=0',
      'rtmps.port=0',
      'workers=2',
    ])
    using publisher = new HttpPublisher(server, 'live/a.flv')
    await publisher.send(30)
    await server.live('live/a')
    const sent = request({
      host: '127.0.0.1',
      port: server.port('https'),
      path: '/live/a.flv',
      rejectUnauthorized: false,
    })
    sent.end()
    const [response] = await once(sent, 'response')
    const [bytes] = (await once(response, 'data')) as [Buffer]
    assert.equal(bytes.subarray(0, 3).toString(), 'FLV')
    sent.destroy()

    const socket = connect({ host: '127.0.0.1', port: server.port('rtmps'), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(1536)]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.equal(answer[0], 3)
    socket.destroy()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function printedToken(server: TestServer): Promise<string> {
  return poll('the token on the terminal', () => /keep it\): (\S+)/.exec(server.stderr)?.[1])
}

function runMain(...args: string[]) {
  return spawnSync(process.execPath, ['src/main.ts', ...args], { cwd: ROOT, encoding: 'utf8', timeout: 30_000 })
}

test('the command line says what is wrong', () => {
  for (const [args, message] of [
    [['serve', '--set', 'http.prot=1'], /http\.prot: expected one of/],
    [['serve', '--nonsense'], /--nonsense/],
    [['serve', '--config', '/nonexistent.yaml'], /expected a readable file/],
    [
      [
        'serve',
        '--set',
        'tls.certFile=/nonexistent',
        '--set',
        'tls.keyFile=/nonexistent',
        '--set',
        'storage.path=/tmp',
      ],
      /tls\.certFile: expected a readable PEM file/,
    ],
  ] as const) {
    const { status, stderr } = runMain(...args)
    assert.equal(status, 1)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack for a mistake of the operator')
  }
  assert.equal(runMain('--help').status, 0)
  assert.equal(runMain('frobnicate').status, 2)
})

test('a port that is taken is named', async () => {
  await using server = await TestServer.start(['workers=1'])
  const storagePath = mkdtempSync(join(tmpdir(), 'millrace-port-'))
  const { createServer } = await import('node:net')
  const blocker = createServer().listen(0)
  await once(blocker, 'listening')
  const { port } = blocker.address() as { port: number }
  const { status, stderr } = runMain(
    'serve',
    '--set',
    `http.port=${port}`,
    '--set',
    'rtmp.port=0',
    '--set',
    `storage.path=${storagePath}`,
  )
  blocker.close()
  rmSync(storagePath, { recursive: true, force: true })
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`http port ${port}: .*in use.*set http\\.port`))
  assert.ok(server.port('http') > 0)
})
