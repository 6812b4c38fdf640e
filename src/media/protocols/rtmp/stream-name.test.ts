import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStreamName } from './index.ts'

const CASES: readonly { app: string; tcUrl?: string; key: string; path: string; query?: Record<string, string> }[] = [
  { app: 'live', key: 'demo', path: 'live/demo' },
  { app: 'live', key: 'demo?key=x&b', path: 'live/demo', query: { key: 'x', b: '' } },
  { app: 'live?key=x', key: 'demo', path: 'live/demo', query: { key: 'x' } },
  { app: 'live?key=x/demo', key: '', path: 'live/demo', query: { key: 'x' } },
  { app: 'live', tcUrl: 'rtmp://h/live?key=x', key: 'demo', path: 'live/demo', query: { key: 'x' } },
  { app: 'live?key=a', key: 'demo?key=b', path: 'live/demo', query: { key: 'b' } },
  { app: '', key: 'live/demo', path: 'live/demo' },
  { app: 'live/demo/', key: '', path: 'live/demo' },
  { app: '/a//b', key: '/c/d', path: 'a/b/c/d' },
  { app: 'live', key: 'mp4:demo', path: 'live/demo' },
  { app: 'live', key: 'demo?key=a%2Fb%20c+d&bad=%zz', path: 'live/demo', query: { key: 'a/b c+d', bad: '%zz' } },
]
for (const { app, tcUrl = 'rtmp://h/live', key, path, query = {} } of CASES) {
  test(`app "${app}" and key "${key}" mean ${path}`, () => {
    assert.deepEqual(readStreamName(app, tcUrl, key), { path, query })
  })
}
