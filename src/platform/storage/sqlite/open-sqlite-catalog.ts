import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { UnavailableError } from '../../errors.ts'
import type { Catalog } from '../catalog.ts'
import { KyselyCatalog } from './kysely-catalog.ts'
import { nodeSqliteDialect } from './node-sqlite-dialect.ts'
import type { Tables } from './tables.ts'

/**
 * One SQLite file. Write-ahead logging: what was committed survives a killed process; the last rows that a power cut
 * takes are found again from the stored segments at the next start.
 */
export async function openSqliteCatalog(path: string): Promise<Catalog> {
  let database: DatabaseSync
  try {
    mkdirSync(dirname(path), { recursive: true })
    database = new DatabaseSync(path)
    database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000')
  } catch (error) {
    throw new UnavailableError(
      `catalogue ${path}`,
      `${(error as Error).message} (set storage.path to a folder that can be written)`,
    )
  }
  return KyselyCatalog.open(new Kysely<Tables>({ dialect: nodeSqliteDialect(database) }))
}
