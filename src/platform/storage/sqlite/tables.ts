import { type Kysely, sql } from 'kysely'

/** Columns are snake_case; times are milliseconds since 1970. */
export type Tables = {
  streams: { name: string; first_ms: number; last_ms: number }
  sessions: {
    id: string
    stream: string
    protocol: string
    remote_address: string
    agent: string | null
    started_ms: number
    ended_ms: number | null
    end_reason: string | null
  }
  recordings: {
    id: string
    stream: string
    started_ms: number
    ended_ms: number | null
    tracks: string
    is_import: number | null
  }
  inits: { recording_id: string; track_id: number; init_id: number; blob_key: string; track: string | null }
  segments: {
    recording_id: string
    track_id: number
    sequence: number
    init_id: number
    blob_key: string
    start_ticks: number
    duration_ticks: number
    discontinuity: number
    byte_length: number
    epoch_ms: number
    keyframes: string
    target_seconds: number | null
  }
  settings: { key: string; value: string }
}

/** Makes what is missing; runs at every start. */
export async function createTables(db: Kysely<Tables>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
  // Catalogues of earlier versions lack columns.
  const tables = await db.introspection.getTables()
  for (const [table, column, type] of ADDED) {
    const columns = tables.find(({ name }) => name === table)?.columns ?? []
    if (!columns.some(({ name }) => name === column))
      await sql.raw(`alter table ${table} add column ${column} ${type}`).execute(db)
  }
}

const ADDED = [
  ['recordings', 'is_import', 'integer'],
  ['inits', 'track', 'text'],
  ['segments', 'target_seconds', 'integer'],
] as const

const STATEMENTS = [
  `create table if not exists streams (name text primary key, first_ms integer not null, last_ms integer not null)`,
  `create table if not exists sessions (
     id text primary key, stream text not null, protocol text not null, remote_address text not null, agent text,
     started_ms integer not null, ended_ms integer, end_reason text)`,
  `create table if not exists recordings (
     id text primary key, stream text not null, started_ms integer not null, ended_ms integer,
     tracks text not null default '[]', is_import integer)`,
  `create table if not exists inits (
     recording_id text not null, track_id integer not null, init_id integer not null, blob_key text not null,
     track text, primary key (recording_id, track_id, init_id))`,
  `create table if not exists segments (
     recording_id text not null, track_id integer not null, sequence integer not null, init_id integer not null,
     blob_key text not null, start_ticks integer not null, duration_ticks integer not null,
     discontinuity integer not null, byte_length integer not null, epoch_ms integer not null, keyframes text not null,
     target_seconds integer,
     primary key (recording_id, track_id, sequence))`,
  `create table if not exists settings (key text primary key, value text not null)`,
  `create index if not exists recordings_by_stream on recordings (stream, started_ms)`,
  `create index if not exists segments_by_time on segments (recording_id, epoch_ms)`,
]
