import assert from 'node:assert/strict'
import { Av } from '../interop/support/av.ts'
import type { Reading, Unit } from '../interop/support/av-messages.ts'

/** What FFmpeg reads of a live stream, until every track has given so many units. */
export async function playUrl(url: string, units: number): Promise<Reading> {
  await using player = new Av()
  return await player.call('play', { url, units })
}

/** Somebody who watches; there when the first bytes are, so that what is made for viewers is being made. */
export type Watcher = Disposable & { readonly byteCount: number }

export async function watcher(url: string): Promise<Watcher> {
  const gone = new AbortController()
  const response = await fetch(url, { signal: gone.signal })
  const reader = response.body?.getReader()
  let byteCount = 0
  const read = async () => {
    const { value } = (await reader?.read()) ?? {}
    byteCount += value?.length ?? 0
    return value !== undefined
  }
  await read()
  const readOn = async () => {
    while (await read());
  }
  readOn().catch(() => {})
  return {
    get byteCount() {
      return byteCount
    },
    [Symbol.dispose]: () => gone.abort(),
  }
}

export function video({ tracks }: Reading): readonly Unit[] {
  return [...(tracks.find(({ kind }) => kind === 'video')?.units ?? [])].sort((a, b) => a.pts - b.pts)
}
/** Ticks of 90 kHz, less the clock that a container starts with. */
function ticks(seconds: number): number {
  return Math.round(seconds * 90_000)
}
export function times(units: readonly Unit[]): number[] {
  return units.map(({ pts }) => ticks(pts))
}
export function common(a: readonly Unit[], b: readonly Unit[]): { readonly from: number; readonly to: number } {
  return {
    from: Math.max(a[0]?.pts ?? 0, b[0]?.pts ?? 0),
    to: Math.min(a.at(-1)?.pts ?? 0, b.at(-1)?.pts ?? 0),
  }
}
export function within(units: readonly Unit[], from: number, to: number): readonly Unit[] {
  return units.filter(({ pts }) => pts > from && pts <= to)
}
export function keysIn(units: readonly Unit[], from: number, to: number): number[] {
  return times(within(units, from, to).filter(({ isKey }) => isKey))
}
export function heard({ tracks }: Reading, from: number, to: number): string[] {
  const audio = tracks.find(({ kind }) => kind === 'audio')
  return within(audio?.units ?? [], from + 0.2, to - 0.2).map(({ pts, sha256 }) => `${pts.toFixed(3)} ${sha256}`)
}
/** No frame is missing: the clip has 25 a second, and a little lies between its end and its start. */
export function assertSteady(units: readonly Unit[]): void {
  for (const [at, { pts }] of units.entries()) {
    const step = at === 0 ? 0.04 : pts - (units[at - 1]?.pts ?? 0)
    assert.ok(step < 0.25, `${step} s without a frame at ${pts}`)
  }
}
