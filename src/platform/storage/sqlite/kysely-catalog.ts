import type { Kysely } from 'kysely'
import type {
  Catalog,
  InitFact,
  RecordingDetail,
  RecordingFact,
  RecordingStart,
  RecordingSummary,
  SegmentFact,
  SessionFact,
  TrackFact,
} from '../catalog.ts'
import { createTables, type Tables } from './tables.ts'

type Sum = {
  readonly trackId: number
  readonly ticks: number
  readonly bytes: number
  readonly track: TrackFact | undefined
}

/** The catalogue in any database that Kysely speaks. */
export class KyselyCatalog implements Catalog {
  readonly #db: Kysely<Tables>

  private constructor(db: Kysely<Tables>) {
    this.#db = db
  }
  static async open(db: Kysely<Tables>): Promise<KyselyCatalog> {
    await createTables(db)
    return new KyselyCatalog(db)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.destroy()
  }

  async sessionStarted({ id, stream, protocol, remoteAddress, agent, startedMs }: SessionFact): Promise<void> {
    await this.#db
      .insertInto('streams')
      .values({ name: stream, first_ms: startedMs, last_ms: startedMs })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ last_ms: startedMs }))
      .execute()
    await this.#db
      .insertInto('sessions')
      .values({
        id,
        stream,
        protocol,
        remote_address: remoteAddress,
        agent: agent ?? null,
        started_ms: startedMs,
        ended_ms: null,
        end_reason: null,
      })
      .execute()
  }
  async sessionEnded(id: string, endedMs: number, reason: string): Promise<void> {
    await this.#db.updateTable('sessions').set({ ended_ms: endedMs, end_reason: reason }).where('id', '=', id).execute()
  }

  async recordingStarted({ id, stream, startedMs, isImport }: RecordingStart): Promise<void> {
    await this.#db
      .insertInto('recordings')
      .values({ id, stream, started_ms: startedMs, ended_ms: null, tracks: '[]', is_import: isImport ? 1 : null })
      .execute()
  }
  async recordingEnded(id: string, endedMs: number): Promise<void> {
    await this.#db.updateTable('recordings').set({ ended_ms: endedMs }).where('id', '=', id).execute()
  }
  async recordingRemoved(id: string): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom('segments').where('recording_id', '=', id).execute()
      await db.deleteFrom('inits').where('recording_id', '=', id).execute()
      await db.deleteFrom('recordings').where('id', '=', id).execute()
    })
  }
  async setTracks(recordingId: string, tracks: readonly TrackFact[]): Promise<void> {
    await this.#db
      .updateTable('recordings')
      .set({ tracks: JSON.stringify(tracks) })
      .where('id', '=', recordingId)
      .execute()
  }
  async initStored({ recordingId, trackId, initId, key, track }: InitFact): Promise<void> {
    await this.#db
      .insertInto('inits')
      .values({
        recording_id: recordingId,
        track_id: trackId,
        init_id: initId,
        blob_key: key,
        track: track ? JSON.stringify(track) : null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  async segmentStored(segment: SegmentFact): Promise<void> {
    await this.#db
      .insertInto('segments')
      .values({
        recording_id: segment.recordingId,
        track_id: segment.trackId,
        sequence: segment.sequence,
        init_id: segment.initId,
        blob_key: segment.key,
        start_ticks: segment.startTicks,
        duration_ticks: segment.durationTicks,
        discontinuity: segment.discontinuity ? 1 : 0,
        byte_length: segment.byteLength,
        epoch_ms: segment.epochMs,
        keyframes: JSON.stringify(segment.keyframes),
        target_seconds: segment.targetSeconds ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  async recordings(filter: { readonly stream?: string; readonly isOpen?: true } = {}): Promise<RecordingSummary[]> {
    let query = this.#db.selectFrom('recordings').selectAll().orderBy('started_ms', 'desc')
    if (filter.stream !== undefined) query = query.where('stream', '=', filter.stream)
    if (filter.isOpen) query = query.where('ended_ms', 'is', null)
    const rows = await query.execute()
    const sums = await this.#sums()
    return rows.map((row) => {
      const tracks = JSON.parse(row.tracks) as TrackFact[]
      const own = sums.get(row.id) ?? []
      const seconds = new Map<number, number>()
      for (const { trackId, ticks, track } of own) {
        const { clockRateHz = Number.POSITIVE_INFINITY } =
          track ?? tracks.find((each) => each.trackId === trackId) ?? {}
        seconds.set(trackId, (seconds.get(trackId) ?? 0) + ticks / clockRateHz)
      }
      return {
        ...toRecording(row),
        tracks,
        durationSeconds: Math.max(0, ...seconds.values()),
        byteLength: own.reduce((total, sum) => total + sum.bytes, 0),
      }
    })
  }
  async recordingsBetween(stream: string, fromMs: number, toMs: number): Promise<RecordingFact[]> {
    const rows = await this.#db
      .selectFrom('recordings')
      .selectAll()
      .where('stream', '=', stream)
      .where('started_ms', '<', toMs)
      .where((where) => where.or([where('ended_ms', 'is', null), where('ended_ms', '>', fromMs)]))
      .orderBy('started_ms')
      .execute()
    return rows.map(toRecording)
  }
  /** Of every initialization segment: ticks of different clocks do not add up. */
  async #sums(): Promise<Map<string, Sum[]>> {
    const rows = await this.#db
      .selectFrom('segments')
      .leftJoin('inits', (join) =>
        join
          .onRef('inits.recording_id', '=', 'segments.recording_id')
          .onRef('inits.track_id', '=', 'segments.track_id')
          .onRef('inits.init_id', '=', 'segments.init_id'),
      )
      .select(({ fn }) => [
        'segments.recording_id',
        'segments.track_id',
        'inits.track',
        fn.sum<number>('segments.duration_ticks').as('ticks'),
        fn.sum<number>('segments.byte_length').as('bytes'),
      ])
      .groupBy(['segments.recording_id', 'segments.track_id', 'inits.init_id', 'inits.track'])
      .execute()
    const sums = new Map<string, Sum[]>()
    for (const { recording_id, track_id, track, ticks, bytes } of rows) {
      const own = sums.get(recording_id) ?? []
      const facts = track === null ? undefined : (JSON.parse(track) as TrackFact)
      own.push({ trackId: track_id, ticks: Number(ticks), bytes: Number(bytes), track: facts })
      sums.set(recording_id, own)
    }
    return sums
  }

  async recording(id: string): Promise<RecordingDetail | undefined> {
    const row = await this.#db.selectFrom('recordings').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return undefined
    const inits = await this.#db.selectFrom('inits').selectAll().where('recording_id', '=', id).execute()
    const segments = await this.#db
      .selectFrom('segments')
      .selectAll()
      .where('recording_id', '=', id)
      .orderBy('track_id')
      .orderBy('sequence')
      .execute()
    return {
      ...toRecording(row),
      tracks: JSON.parse(row.tracks) as TrackFact[],
      inits: inits.map((init) => ({
        recordingId: id,
        trackId: init.track_id,
        initId: init.init_id,
        key: init.blob_key,
        ...(init.track === null ? {} : { track: JSON.parse(init.track) as TrackFact }),
      })),
      segments: segments.map(toSegment),
    }
  }

  async setting(key: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
    return row?.value
  }
  async setSetting(key: string, value: string): Promise<void> {
    await this.#db
      .insertInto('settings')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute()
  }
}

function toRecording(row: Omit<Tables['recordings'], 'tracks'>): RecordingFact {
  const { id, stream, started_ms: startedMs, ended_ms, is_import } = row
  return { id, stream, startedMs, endedMs: ended_ms ?? undefined, ...(is_import === 1 ? { isImport: true } : {}) }
}
function toSegment(row: Tables['segments']): SegmentFact {
  return {
    recordingId: row.recording_id,
    trackId: row.track_id,
    sequence: row.sequence,
    initId: row.init_id,
    key: row.blob_key,
    startTicks: row.start_ticks,
    durationTicks: row.duration_ticks,
    discontinuity: row.discontinuity !== 0,
    byteLength: row.byte_length,
    epochMs: row.epoch_ms,
    keyframes: JSON.parse(row.keyframes) as SegmentFact['keyframes'],
    ...(row.target_seconds === null ? {} : { targetSeconds: row.target_seconds }),
  }
}
